//! What a caller may dial, rule by rule; the examples of the documentation; and what holds for all rules and numbers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod documented;
mod outside;
mod properties;

use super::*;

const NOBODY: &dyn Fn(&Extension) -> bool = &|_| false;

fn entry(group: &str, mask: &str, dialed: &str) -> Entry {
    Entry { group: group.into(), mask: mask.parse().unwrap(), dialed: dialed.parse().unwrap() }
}

/// A dial plan in Berlin with these in-country and international rules, all of group `g`.
fn berlin(in_country: &[(&str, &str)], international: &[(&str, &str)]) -> Dialing {
    let entries =
        |rules: &[(&str, &str)]| rules.iter().map(|(mask, dialed)| entry("g", mask, dialed)).collect();
    Dialing {
        digits: 4,
        country_code: "49".into(),
        outside_line: "0".into(),
        international_access: "00".into(),
        national_prefix: "0".into(),
        in_country: entries(in_country),
        international: entries(international),
    }
}

/// The same rules where the dial plan has no codes.
fn without_codes(dialing: Dialing) -> Dialing {
    let Dialing { digits, in_country, international, .. } = dialing;
    Dialing { digits, in_country, international, ..Dialing::default() }
}

/// All groups `g`, no extension.
fn rules_only() -> Permissions {
    Permissions { in_country: vec!["g".into()], international: vec!["g".into()], ..Permissions::default() }
}

/// What is dialed by rule or as an extension, else the refusal's code.
fn answer(dialing: &Dialing, permissions: &Permissions, number: &str) -> String {
    match decide(dialing, permissions, number, NOBODY) {
        Decision::Extension { dial } | Decision::Rule { dial, .. } => dial,
        Decision::Refused(refusal) => refusal.to_string(),
    }
}

#[test]
fn masks_and_dialed_strings_are_digits_and_x_or_a_lone_star() {
    let (longest, too_long) = ("x".repeat(64), "x".repeat(65));
    for good in ["*", "x", "0", "1425xxxxxxx", "x5x", longest.as_str()] {
        assert_eq!(good.parse::<Mask>().unwrap().to_string(), good);
        assert_eq!(good.parse::<DialString>().unwrap().to_string(), good);
    }
    for bad in ["", "**", "91*", "*x", "X", "1-425", " x", "x\n", "+49x", "٤x", too_long.as_str()] {
        assert!(bad.parse::<Mask>().is_err(), "{bad:?}");
        assert!(bad.parse::<DialString>().is_err(), "{bad:?}");
    }
}

#[test]
fn the_sides_of_a_rule_fit_where_each_x_can_be_filled() {
    let fits = |mask: &str, dialed: &str| fits(&mask.parse().unwrap(), &dialed.parse().unwrap());
    for (mask, dialed) in
        [("*", "*"), ("xxx", "*"), ("112", "*"), ("112", "0112"), ("1xx", "xx2"), ("x1x", "9xx")]
    {
        assert!(fits(mask, dialed), "{mask} {dialed}");
    }
    for (mask, dialed) in [("*", "0"), ("*", "x"), ("xx", "x"), ("x", "xx"), ("112", "x"), ("x", "112")] {
        assert!(!fits(mask, dialed), "{mask} {dialed}");
    }
}

#[test]
fn a_number_format_appends_the_last_digits_of_a_directory_number() {
    let format: NumberFormat = "020xxxxxxx".parse().unwrap();
    assert_eq!(format.to_string(), "020xxxxxxx");
    assert_eq!(format.apply("442079460123").as_deref(), Some("0209460123"));
    assert_eq!(format.apply("+44 (20) 7946-0123").as_deref(), Some("0209460123"));
    assert_eq!("xxxx".parse::<NumberFormat>().unwrap().apply("4201").as_deref(), Some("4201"));
    for few_or_none in ["", "123456", "12345678a", "7946 0123 ext. 5"] {
        assert_eq!(format.apply(few_or_none), None, "{few_or_none:?}");
    }
    let too_long = "0".repeat(64) + "x";
    for bad in ["", "020", "*", "xx0", "0x0x", "+49x", "020X", too_long.as_str()] {
        assert!(bad.parse::<NumberFormat>().is_err(), "{bad:?}");
    }
}

#[test]
fn what_people_write_between_digits_is_stripped_and_anything_else_refused() {
    let dialing = berlin(&[("*", "*")], &[]);
    let copied =
        ["555\u{a0}12\u{202f}34", "555\u{2009}12\u{2007}34", "555\u{2010}12\u{2011}34", "\u{a0}555–12—34−"];
    for typed in ["5551234", "555 12-34", "(555) 1234", " 555.12/34 "].into_iter().chain(copied) {
        assert_eq!(answer(&dialing, &rules_only(), typed), "5551234", "{typed:?}");
    }
    for typed in [
        "",
        " ",
        "+",
        "+ - ",
        "555a",
        "FLOWERS",
        "555\t1234",
        "555\n",
        "555*1234",
        "555#",
        "55+5",
        "++49",
        "٥٥٥",
        "555\u{200b}1234",
        "555_1234",
    ] {
        assert_eq!(answer(&dialing, &rules_only(), typed), "NumberInvalid", "{typed:?}");
    }
    assert_eq!(answer(&dialing, &rules_only(), &"5".repeat(32)), "5".repeat(32));
    assert_eq!(answer(&dialing, &rules_only(), &"5".repeat(33)), "NumberInvalid");
}

#[test]
fn after_a_plus_only_what_can_be_an_e164_number_is_looked_up() {
    let dialing = berlin(&[("*", "*")], &[("*", "*")]);
    assert_eq!(answer(&dialing, &rules_only(), "(+49) 30 5551234"), "00305551234");
    assert_eq!(answer(&dialing, &rules_only(), "+123456789012345"), "000123456789012345");
    for typed in ["+1234567890123456", "+0305551234", "+49"] {
        assert_eq!(answer(&dialing, &rules_only(), typed), "NumberInvalid", "{typed}");
    }
}

#[test]
fn only_the_two_flags_decide_about_extensions() {
    let dialing = berlin(&[("*", "*"), ("xxxx", "0xxxx")], &[("*", "*")]);
    let is_lina = |extension: &Extension| extension.as_str() == "4201";
    let ask = |subscribers, extensions, number| {
        let permissions = Permissions { subscribers, extensions, ..rules_only() };
        match decide(&dialing, &permissions, number, &is_lina) {
            Decision::Extension { dial } => dial,
            Decision::Refused(refusal) => refusal.to_string(),
            Decision::Rule { .. } => panic!("a rule opened {number}"),
        }
    };
    for (subscribers, extensions) in [(false, false), (false, true), (true, false), (true, true)] {
        let wanted = if subscribers { "4201" } else { "DialPlanSubscribersNotAllowed" };
        assert_eq!(ask(subscribers, extensions, "42 01"), wanted);
        let wanted = if extensions { "4999" } else { "ExtensionsNotAllowed" };
        assert_eq!(ask(subscribers, extensions, "4999"), wanted);
    }
}

#[test]
fn a_rule_does_not_make_an_extension_of_the_callers_digits() {
    let bare = without_codes(berlin(&[], &[("42xx", "42xx")]));
    let tie_line = berlin(&[("8xxxx", "xxxx")], &[]);
    for (dialing, number, extension) in [(&bare, "+4201", "4201"), (&tie_line, "84201", "4201")] {
        assert_eq!(answer(dialing, &rules_only(), number), "ExtensionsNotAllowed", "{number}");
        let decision = decide(dialing, &rules_only(), number, &|found| found.as_str() == extension);
        assert_eq!(decision, Decision::Refused(Refusal::DialPlanSubscribersNotAllowed));
        let permissions = Permissions { extensions: true, ..rules_only() };
        assert_eq!(answer(dialing, &permissions, number), extension);
    }
}

#[test]
fn a_short_number_outside_is_no_extension_because_the_outside_line_makes_it_as_long() {
    let emergency = berlin(&[("112", "0112"), ("11x", "011x")], &[]);
    assert_eq!(answer(&emergency, &rules_only(), "112"), "0112");
    assert_eq!(answer(&emergency, &rules_only(), "110"), "0110");
    let written_out = without_codes(berlin(&[("112", "0112")], &[]));
    assert_eq!(answer(&written_out, &rules_only(), "112"), "0112");
}

#[test]
fn without_an_international_access_code_in_country_rules_are_asked_first() {
    let dialing = without_codes(berlin(&[("xxxxx", "*")], &[("12345", "*"), ("xxxxxx", "*")]));
    for (number, wanted) in [("12345", Range::InCountry), ("123456", Range::International)] {
        let Decision::Rule { range, .. } = decide(&dialing, &rules_only(), number, NOBODY) else {
            panic!("{number}")
        };
        assert_eq!(range, wanted, "{number}");
    }
}

#[test]
fn a_plus_number_is_matched_as_a_phone_would_dial_it_and_then_as_it_stands() {
    let both = berlin(&[("4930xxxxxxx", "xxxxxxx"), ("0030xxxxxxx", "000xxxxxxx")], &[]);
    assert_eq!(answer(&both, &rules_only(), "+49305551234"), "0005551234");
    let as_it_stands = berlin(&[("4930xxxxxxx", "xxxxxxx")], &[("44xx", "00044xx")]);
    assert_eq!(answer(&as_it_stands, &rules_only(), "+49305551234"), "5551234");
    assert_eq!(answer(&as_it_stands, &rules_only(), "+4412"), "0004412");
    let abroad = berlin(&[("*", "*")], &[("00044xxxx", "*")]);
    assert_eq!(answer(&abroad, &rules_only(), "+441234"), "000441234");
    assert_eq!(answer(&abroad, &rules_only(), "+451234"), "NoAllowedRule");
}

#[test]
fn without_a_country_code_every_plus_number_is_international() {
    let dialing = Dialing { country_code: "".into(), ..berlin(&[("*", "*")], &[]) };
    assert_eq!(answer(&dialing, &rules_only(), "+49305551234"), "NoAllowedRule");
}

#[test]
fn an_in_country_rule_makes_no_international_call_of_the_callers_digits() {
    let everything = berlin(&[("*", "*")], &[]);
    assert_eq!(answer(&everything, &rules_only(), "+49 044 20 79460123"), "NoAllowedRule");
    let national = berlin(&[("00xxxxxxxxxx", "*"), ("0xxxxxxxxxx", "00xxxxxxxxxx")], &[]);
    assert_eq!(answer(&national, &rules_only(), "+49 0 442079460"), "NoAllowedRule");
    assert_eq!(answer(&national, &rules_only(), "0 4420794601"), "004420794601");
    // No outside line here: the rule puts the national prefix before what is typed, and 0 then makes 00 of it.
    let trunk = Dialing { outside_line: "".into(), ..berlin(&[("xxxxxxxxxx", "0xxxxxxxxxx")], &[]) };
    assert_eq!(answer(&trunk, &rules_only(), "3055512345"), "03055512345");
    assert_eq!(answer(&trunk, &rules_only(), "0442079460"), "NoAllowedRule");
    let written_out = Dialing { outside_line: "".into(), ..berlin(&[("0xxxxx", "00xxxxx")], &[]) };
    assert_eq!(answer(&written_out, &rules_only(), "030123"), "0030123");
}

#[test]
fn the_longest_literal_prefix_wins_and_of_equals_the_first() {
    let dialing = berlin(
        &[("*", "*"), ("xxxxx", "1xxxxx"), ("5xxxx", "2xxxx"), ("55xxx", "3xxx"), ("5xxx1", "4xxx")],
        &[],
    );
    for (number, wanted) in [("55123", "3123"), ("54321", "24321"), ("41234", "41234"), ("551231", "551231")]
    {
        let permissions = Permissions { extensions: true, ..rules_only() };
        assert_eq!(answer(&dialing, &permissions, number), wanted, "{number}");
    }
}

#[test]
fn only_rules_of_allowed_groups_count_and_names_are_compared_exactly() {
    let mut dialing = berlin(&[("*", "*")], &[]);
    dialing.in_country[0].group = "Local Calls".into();
    let allow = |name: &str| Permissions { in_country: vec![name.into()], ..Permissions::default() };
    assert_eq!(answer(&dialing, &allow("Local Calls"), "55123"), "55123");
    for name in ["local calls", " Local Calls", "Local Calls ", "Local", "LocalCalls", "*", ""] {
        assert_eq!(answer(&dialing, &allow(name), "55123"), "NoAllowedRule", "{name:?}");
    }
    let other_list = Permissions { international: vec!["Local Calls".into()], ..Permissions::default() };
    assert_eq!(answer(&dialing, &other_list, "55123"), "NoAllowedRule");
}

#[test]
fn nothing_is_added_besides_what_the_rule_says() {
    let dialing = berlin(&[("xxxxxxx", "0xxxxxxx"), ("xxxxxx", "*"), ("9x1x5", "xx7")], &[]);
    assert_eq!(answer(&dialing, &rules_only(), "5551234"), "05551234");
    assert_eq!(answer(&dialing, &rules_only(), "551234"), "551234");
    assert_eq!(answer(&dialing, &rules_only(), "98135"), "837");
}

#[test]
fn a_rule_whose_sides_do_not_fit_and_codes_that_are_no_digits_open_nothing() {
    let dialing = berlin(&[("*", "0xxxx"), ("xxxxx", "xxxx"), ("xxxxx", "xxxxxx")], &[]);
    assert_eq!(answer(&dialing, &rules_only(), "55123"), "NoAllowedRule");
    for rule in [("*", "*"), ("xxxxxx", "xxxxxx"), ("0305", "0305")] {
        let dialing = Dialing { outside_line: "*9".into(), ..berlin(&[rule], &[]) };
        assert_eq!(answer(&dialing, &rules_only(), "+49 305"), "NoAllowedRule", "{rule:?}");
    }
}
