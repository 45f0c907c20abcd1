//! What holds for whatever rules and numbers.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

/// Two digits and short lists, so that masks match, prefixes tie and codes turn up within numbers.
fn mask() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just("*".to_owned()), 6 => "[01x]{1,6}"]
}

fn rule() -> impl Strategy<Value = Entry> {
    ("[ab]", mask(), mask()).prop_map(|(group, mask, dialed)| entry(&group, &mask, &dialed))
}

/// Codes may hold what a manifest could hold before anybody looked at it.
fn dialing() -> impl Strategy<Value = Dialing> {
    let code = || prop_oneof![8 => "[01]{0,2}", 1 => "\\PC{0,3}"];
    let rules = || prop::collection::vec(rule(), 0..8);
    (any::<u8>(), 0..7_u8, code(), code(), code(), code(), rules(), rules()).prop_map(
        |(any, few, country, outside, international, national, in_country, international_rules)| Dialing {
            digits: if few == 0 { any } else { few },
            country_code: country.into(),
            outside_line: outside.into(),
            international_access: international.into(),
            national_prefix: national.into(),
            in_country,
            international: international_rules,
        },
    )
}

fn permissions() -> impl Strategy<Value = Permissions> {
    let names =
        || prop::collection::vec(prop_oneof![Just("a".into()), Just("b".into()), Just(" b".into())], 0..3);
    (any::<bool>(), any::<bool>(), names(), names()).prop_map(
        |(subscribers, extensions, in_country, international)| Permissions {
            subscribers,
            extensions,
            in_country,
            international,
        },
    )
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[01]{1,8}", 4 => "\\+[01]{1,8}", 2 => "[+]?[01 ().-]{0,40}", 1 => "(\\PC|[\\x00-\\x7f]){0,24}"]
}

/// Half of the extensions have a mailbox.
fn is_subscriber(extension: &Extension) -> bool {
    extension.as_str().starts_with('1')
}

/// Whether a mask is for a number: said otherwise than in the code.
fn is_for(mask: &Mask, number: &str) -> bool {
    let mask = mask.to_string();
    let same = |(place, digit): (char, char)| place == 'x' || place == digit;
    mask == "*" || (mask.len() == number.len() && mask.chars().zip(number.chars()).all(same))
}

/// The same cases in every run, unless `PROPTEST_CASES` asks for another number of them.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if config.cases == 256 {
        config.cases = 600;
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_dialed_is_digits_only_and_bounded_and_the_same_each_time(
        dialing in dialing(), permissions in permissions(), number in number(),
    ) {
        let decision = decide(&dialing, &permissions, &number, &is_subscriber);
        let same = dialing.clone();
        prop_assert_eq!(&decision, &decide(&same, &permissions, &number, &is_subscriber));
        if let Decision::Extension { dial } | Decision::Rule { dial, .. } = decision {
            prop_assert!((1..=64).contains(&dial.len()) && dial.bytes().all(|b| b.is_ascii_digit()), "{:?}", dial);
        }
    }

    #[test]
    fn a_rule_that_opens_a_number_is_of_an_allowed_group_and_stands_in_its_list(
        dialing in dialing(), permissions in permissions(), number in number(),
    ) {
        if let Decision::Rule { range, entry, .. } = decide(&dialing, &permissions, &number, &is_subscriber) {
            let allowed = match range {
                Range::InCountry => &permissions.in_country,
                Range::International => &permissions.international,
            };
            prop_assert!(allowed.contains(&entry.group));
            prop_assert!(dialing.entries(range).iter().any(|other| std::ptr::eq(other, entry)));
            prop_assert!(fits(&entry.mask, &entry.dialed));
        }
    }

    #[test]
    fn no_rule_opens_what_is_typed_as_an_extension(
        dialing in dialing(), permissions in permissions(), number in "[01]{1,6}",
    ) {
        let dialing = Dialing { digits: number.len().try_into().unwrap(), ..dialing };
        let extension = number.parse::<Extension>().unwrap();
        let wanted = match (is_subscriber(&extension), permissions.subscribers, permissions.extensions) {
            (true, false, _) => Decision::Refused(Refusal::DialPlanSubscribersNotAllowed),
            (false, _, false) => Decision::Refused(Refusal::ExtensionsNotAllowed),
            _ => Decision::Extension { dial: number.clone() },
        };
        let decision = decide(&dialing, &permissions, &number, &is_subscriber);
        // Of what begins with the outside line and is nobody's, the rules are asked first.
        let line = &*dialing.outside_line;
        let is_outside = !line.is_empty() && number.starts_with(line) && number != line;
        let by_rule = matches!(decision, Decision::Rule { .. }) && is_outside && !is_subscriber(&extension);
        prop_assert!(by_rule || decision == wanted, "{:?}", decision);
    }

    #[test]
    fn no_rule_hands_on_a_bare_country_code(
        dialing in dialing(), permissions in permissions(), number in "\\+1[01]{0,7}",
    ) {
        let digits = number.trim_start_matches('+');
        if let Decision::Rule { dial, entry, range } = decide(&dialing, &permissions, &number, &is_subscriber)
            && (entry.mask.to_string() == "*" || entry.dialed.to_string() == "*")
        {
            let codes = match range {
                Range::InCountry => [&dialing.outside_line, &dialing.national_prefix],
                Range::International => [&dialing.outside_line, &dialing.international_access],
            };
            let home = digits.strip_prefix(&*dialing.country_code);
            let rest = if range == Range::InCountry { home.unwrap() } else { digits };
            prop_assert_eq!(dial, format!("{}{}{rest}", codes[0], codes[1]));
            prop_assert!(range == Range::InCountry || !dialing.international_access.is_empty());
        }
    }

    #[test]
    fn of_the_rules_that_match_the_first_with_the_longest_literal_prefix_wins(
        rules in prop::collection::vec(rule(), 0..12), permissions in permissions(), number in "[01]{1,6}",
    ) {
        // No codes and no extensions: the number is matched as it is, in this list first.
        let dialing = Dialing { in_country: rules, ..Dialing::default() };
        let mut wanted: Option<&Entry> = None;
        for entry in &dialing.in_country {
            let counts = permissions.allows(Range::InCountry, &entry.group) && fits(&entry.mask, &entry.dialed);
            let length = |entry: &Entry| entry.mask.to_string().bytes().take_while(u8::is_ascii_digit).count();
            if counts && is_for(&entry.mask, &number) && wanted.is_none_or(|best| length(entry) > length(best)) {
                wanted = Some(entry);
            }
        }
        match decide(&dialing, &permissions, &number, &is_subscriber) {
            Decision::Rule { entry, .. } => prop_assert!(wanted.is_some_and(|wanted| std::ptr::eq(wanted, entry))),
            decision => {
                prop_assert_eq!(decision, Decision::Refused(Refusal::NoAllowedRule));
                prop_assert_eq!(wanted, None);
            }
        }
    }

    #[test]
    fn in_country_rules_make_no_international_call_but_what_they_write_out(
        dialing in dialing(), permissions in permissions(), number in number(),
    ) {
        let abroad = format!("{}{}", dialing.outside_line, dialing.international_access);
        if let Decision::Rule { dial, range: Range::InCountry, entry } =
            decide(&dialing, &permissions, &number, &is_subscriber)
            && !dialing.international_access.is_empty()
        {
            prop_assert!(!dial.starts_with(&abroad) || entry.dialed.to_string().starts_with(&abroad));
        }
    }

    #[test]
    fn whatever_parses_shows_itself_as_it_was_written(text in "(\\PC|[*x0-9]){0,70}") {
        for shown in [
            text.parse::<Mask>().map(|mask| mask.to_string()),
            text.parse::<DialString>().map(|dialed| dialed.to_string()),
            text.parse::<NumberFormat>().map(|format| format.to_string()),
        ].into_iter().flatten() {
            prop_assert_eq!(&shown, &text);
        }
    }

    #[test]
    fn a_number_format_gives_its_prefix_and_the_last_digits(
        prefix in "[0-9]{0,8}", blanks in 1..12_usize, number in "[1-9][0-9]{0,14}",
    ) {
        let format: NumberFormat = format!("{prefix}{}", "x".repeat(blanks)).parse().unwrap();
        let wanted = number.len().checked_sub(blanks).map(|at| format!("{prefix}{}", number.get(at..).unwrap()));
        prop_assert_eq!(format.apply(&number), wanted.clone());
        prop_assert_eq!(format.apply(&format!("+{number}")), wanted);
    }
}
