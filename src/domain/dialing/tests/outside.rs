//! Which calls leave the house, in the country and abroad: outside line, national prefix and international access code may begin with
//! the same digits.

use super::*;

/// The dial plan that Exchange exports of a French company have: `National,00xxxxxxxxx`, `World,*,*`, five digits an extension.
fn paris() -> Dialing {
    Dialing {
        digits: 5,
        country_code: "33".into(),
        in_country: vec![entry("g", "xxxxx", "xxxxx"), entry("g", "00xxxxxxxxx", "00xxxxxxxxx")],
        international: vec![entry("g", "*", "*")],
        ..berlin(&[], &[])
    }
}

fn range_of(dialing: &Dialing, number: &str) -> Option<Range> {
    match decide(dialing, &rules_only(), number, NOBODY) {
        Decision::Rule { range, .. } => Some(range),
        _ => None,
    }
}

#[test]
fn outside_line_and_national_number_are_in_the_country_though_they_begin_as_calls_abroad_do() {
    let dialing = paris();
    for (number, dialed, range) in [
        ("0 0140 123456", "00140123456", Range::InCountry),
        ("00140123456", "00140123456", Range::InCountry),
        ("+33 1 40 12 34 56", "00140123456", Range::InCountry),
        ("+33 (0)1 40 12 34 56", "00140123456", Range::InCountry),
        ("0 00 44 20 7946 0123", "000442079460123", Range::International),
        ("+44 20 7946 0123", "000442079460123", Range::International),
    ] {
        assert_eq!(answer(&dialing, &rules_only(), number), dialed, "{number}");
        assert_eq!(range_of(&dialing, number), Some(range), "{number}");
    }
    assert_eq!(answer(&dialing, &rules_only(), "40 123"), "ExtensionsNotAllowed");
    let abroad_only = Permissions { in_country: Vec::new(), ..rules_only() };
    assert_eq!(answer(&dialing, &abroad_only, "0 0140 123456"), "NoAllowedRule");
    // Without the line, the PBX takes the first 0 for it.
    assert_eq!(answer(&dialing, &rules_only(), "00 44 20 7946 0123"), "NoAllowedRule");
}

#[test]
fn digits_are_international_where_they_begin_with_line_and_access_code_or_with_a_code_that_is_nothing_else() {
    for (line, national, access, bare_is_abroad) in [
        ("0", "0", "00", false),
        ("0", "", "00", false),
        ("0", "0", "0011", false),
        ("00", "", "0", false),
        ("9", "0", "00", true),
        ("9", "1", "011", true),
        ("", "0", "00", true),
        ("", "", "00", true),
        ("1", "0", "00", true),
    ] {
        let dialing = Dialing {
            digits: 20,
            outside_line: line.into(),
            national_prefix: national.into(),
            international_access: access.into(),
            ..berlin(&[("*", "*")], &[("*", "*")])
        };
        let range = |number: &str| range_of(&dialing, number).unwrap();
        let bare = if bare_is_abroad { Range::International } else { Range::InCountry };
        assert_eq!(range(&format!("{line}{access}44207946")), Range::International, "{line} {access}");
        assert_eq!(range(&format!("{access}44207946")), bare, "{line} {national} {access}");
        assert_eq!(range("5551234"), Range::InCountry, "{line} {access}");
    }
}

#[test]
fn an_in_country_rule_does_not_put_the_line_before_an_access_code() {
    let adds_line = |line: &str, mask: &str, dialed: &str| Dialing {
        outside_line: line.into(),
        ..berlin(&[(mask, dialed)], &[])
    };
    let dialing = adds_line("0", "0xxxxxxxxxx", "00xxxxxxxxxx");
    assert_eq!(answer(&dialing, &rules_only(), "030 5550 4200"), "003055504200");
    assert_eq!(answer(&dialing, &rules_only(), "00 44 20 79460"), "NoAllowedRule");
    let dialing = adds_line("9", "5xxxxxxx", "xxxxxxx");
    assert_eq!(answer(&dialing, &rules_only(), "5 5551234"), "5551234");
    for abroad in ["5 0044207", "5 9004420"] {
        assert_eq!(answer(&dialing, &rules_only(), abroad), "NoAllowedRule", "{abroad}");
    }
}

#[test]
fn the_zero_in_parentheses_after_the_country_code_is_dialed_at_home_only() {
    let dialing = berlin(&[("*", "*")], &[("*", "*")]);
    for number in [
        "+49 (0)30 5550 4202",
        "+49(0)3055504202",
        "+49 (0) 30 / 5550-4202",
        "+49-(0)30 5550 4202",
        "(+49) (0)30 5550 4202",
        "+ 49 (0)30 5550 4202",
        "+49\u{a0}(0)30\u{a0}5550\u{2011}4202",
    ] {
        assert_eq!(answer(&dialing, &rules_only(), number), "003055504202", "{number}");
    }
    assert_eq!(answer(&dialing, &rules_only(), "+44 (0)20 7946 0123"), "000442079460123");
    assert_eq!(answer(&dialing, &rules_only(), "+49 (0)"), "NumberInvalid");
    // Elsewhere it is a digit as any other: a call abroad by accident here, which no rule in the country makes.
    assert_eq!(answer(&dialing, &rules_only(), "+49 (00)30 5550 4202"), "NoAllowedRule");
    assert_eq!(answer(&dialing, &rules_only(), "+49 30 (0)5550"), "003005550");
    assert_eq!(answer(&dialing, &rules_only(), "(0)30 5550 4202"), "03055504202");
}

#[test]
fn a_bare_country_code_is_matched_only_by_rules_that_write_it_out_and_what_they_dial() {
    for (mask, dialed, wanted) in [
        ("*", "*", "NoAllowedRule"),
        ("xxxxxxxxxxxx", "xxxxxxxxxxxx", "NoAllowedRule"),
        ("4xxxxxxxxxxx", "4xxxxxxxxxxx", "NoAllowedRule"),
        ("49xxxxxxxxxx", "*", "NoAllowedRule"),
        ("49xxxxxxxxxx", "49xxxxxxxxxx", "493055504202"),
        ("4930xxxxxxxx", "0xxxxxxxx", "055504202"),
        ("493055504202", "04202", "04202"),
    ] {
        // With that prefix, what a phone would dial begins as a call abroad, so no rule in the country is for it.
        let dialing = Dialing { national_prefix: "00".into(), ..berlin(&[(mask, dialed)], &[]) };
        assert_eq!(answer(&dialing, &rules_only(), "+49 30 5550 4202"), wanted, "{mask} {dialed}");
    }
}

#[test]
fn without_an_international_access_code_a_foreign_number_is_opened_only_as_it_stands() {
    for (mask, dialed, wanted) in [
        ("*", "*", "NoAllowedRule"),
        ("0442079460123", "*", "NoAllowedRule"),
        ("xxxxxxxxxxxx", "000xxxxxxxxxxxx", "NoAllowedRule"),
        ("4420xxxxxxxx", "*", "NoAllowedRule"),
        ("4420xxxxxxxx", "0004420xxxxxxxx", "000442079460123"),
    ] {
        let dialing = Dialing { international_access: "".into(), ..berlin(&[("*", "*")], &[(mask, dialed)]) };
        assert_eq!(answer(&dialing, &rules_only(), "+44 20 7946 0123"), wanted, "{mask} {dialed}");
        assert_eq!(answer(&dialing, &rules_only(), "+49 30 5550 4202"), "003055504202");
    }
}

#[test]
fn what_begins_with_the_outside_line_is_looked_up_though_it_is_as_long_as_an_extension() {
    let is_lobby = |extension: &Extension| extension.as_str() == "0100";
    let dialing = berlin(&[("0112", "*"), ("01xx", "01xx"), ("05xx", "4xx7")], &[]);
    let ask = |permissions: Permissions, number| decide(&dialing, &permissions, number, &is_lobby);
    let flags = |subscribers, extensions| Permissions { subscribers, extensions, ..rules_only() };
    for (subscribers, extensions) in [(false, false), (false, true), (true, false), (true, true)] {
        let permissions = || flags(subscribers, extensions);
        for number in ["0112", "0 110"] {
            let dialed = number.replace(' ', "");
            let decision = ask(permissions(), number);
            assert!(matches!(decision, Decision::Rule { dial, .. } if dial == dialed), "{number}");
        }
        // An extension of a mailbox is one, whatever rules there are; the flags decide where no rule opens the others.
        let wanted = if subscribers {
            Decision::Extension { dial: "0100".into() }
        } else {
            Decision::Refused(Refusal::DialPlanSubscribersNotAllowed)
        };
        assert_eq!(ask(permissions(), "0100"), wanted);
        for number in ["0999", "1112"] {
            let wanted = if extensions {
                Decision::Extension { dial: number.into() }
            } else {
                Decision::Refused(Refusal::ExtensionsNotAllowed)
            };
            assert_eq!(ask(permissions(), number), wanted);
        }
    }
    // What such a rule makes of it may be an extension, for which the flags have to be asked.
    assert_eq!(ask(flags(true, false), "0512"), Decision::Refused(Refusal::ExtensionsNotAllowed));
    assert_eq!(range_of(&without_codes(dialing.clone()), "0112"), None);
}

#[test]
fn the_outside_line_alone_is_no_call_outside() {
    let dialing = Dialing { digits: 1, ..berlin(&[("*", "*")], &[]) };
    assert_eq!(answer(&dialing, &rules_only(), "0"), "ExtensionsNotAllowed");
}

#[test]
fn the_digits_of_a_full_number_are_read_as_callers_write_them() {
    for (number, digits) in [
        ("+49 89 5550 1234", Some("498955501234")),
        ("(+49) (0)89 5550-1234", Some("498955501234")),
        ("49 89 5550 1234", None),
        ("+49 89 5550x1234", None),
        ("++49 89 5550 1234", None),
        ("+0", None),
        ("", None),
    ] {
        assert_eq!(full_digits(number).as_deref(), digits, "{number}");
    }
}
