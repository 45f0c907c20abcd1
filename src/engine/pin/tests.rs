//! Which PINs pass, and which rule is named for those that don't.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;

const NEVER: &dyn Fn(&str) -> bool = &|_| false;

fn strict(extensions: &'static [&'static str]) -> PinRules<'static> {
    PinRules { min_length: 4, allow_common_patterns: false, extensions }
}

#[test]
fn a_pin_is_digits_only() {
    for pin in ["48a913", "4829 13", "+482913", "482913\n", "٤٨٢٩١٣", "48-29", " "] {
        assert_eq!(check(&strict(&[]), pin, NEVER), Err(BrokenRule::NotDigits), "{pin:?}");
    }
    assert_eq!(check(&strict(&[]), "482913", NEVER), Ok(()));
}

#[test]
fn a_pin_has_as_many_digits_as_the_policy_wants_and_at_most_24() {
    let six = PinRules { min_length: 6, ..strict(&[]) };
    for pin in ["", "4829", "48291"] {
        assert_eq!(check(&six, pin, NEVER), Err(BrokenRule::TooShort { min: 6 }), "{pin:?}");
    }
    assert_eq!(check(&six, "482917", NEVER), Ok(()));
    assert_eq!(check(&six, "482917482917482917482917", NEVER), Ok(()));
    assert_eq!(check(&six, "4829174829174829174829171", NEVER), Err(BrokenRule::TooLong));
}

#[test]
fn no_policy_goes_below_four_digits_or_beyond_24() {
    let none = PinRules { min_length: 0, ..strict(&[]) };
    assert_eq!(check(&none, "", NEVER), Err(BrokenRule::TooShort { min: 4 }));
    assert_eq!(check(&none, "482", NEVER), Err(BrokenRule::TooShort { min: 4 }));
    let endless = PinRules { min_length: 255, ..strict(&[]) };
    assert_eq!(check(&endless, "482917482917482917482917", NEVER), Ok(()));
}

#[test]
fn all_digits_equal_or_in_sequence_are_a_common_pattern() {
    for pin in [
        "11111", "22222", "111111", "8888888", "0000", "1234", "123456", "456789", "65432", "0123", "9876",
        "3210",
    ] {
        assert_eq!(check(&strict(&[]), pin, NEVER), Err(BrokenRule::CommonPattern), "{pin}");
        assert_eq!(
            check(&PinRules { allow_common_patterns: true, ..strict(&[]) }, pin, NEVER),
            Ok(()),
            "{pin}"
        );
    }
}

#[test]
fn a_sequence_that_breaks_turns_or_runs_over_nine_is_no_common_pattern() {
    for pin in ["1235", "1232", "2468", "1212", "11112", "7890", "8901", "0987", "2109", "1357"] {
        assert_eq!(check(&strict(&[]), pin, NEVER), Ok(()), "{pin}");
    }
}

#[test]
fn a_pin_is_not_the_end_of_an_extension_and_holds_none_at_either_end() {
    let rules = strict(&["204", "36697"]);
    for pin in ["6697", "36697", "3669712", "1236697"] {
        assert_eq!(check(&rules, pin, NEVER), Err(BrokenRule::ExtensionPart), "{pin}");
        let lenient = PinRules { allow_common_patterns: true, ..rules };
        assert_eq!(check(&lenient, pin, NEVER), Err(BrokenRule::ExtensionPart), "{pin}");
    }
    for pin in ["3669", "66971", "1366972", "20481", "8204", "76639"] {
        assert_eq!(check(&rules, pin, NEVER), Ok(()), "{pin}");
    }
}

#[test]
fn extensions_of_less_than_four_digits_forbid_nothing() {
    for extension in ["", "5", "55", "482"] {
        let extensions = [extension];
        let rules = PinRules { min_length: 4, allow_common_patterns: true, extensions: &extensions };
        for pin in ["5555", "4829", "9482"] {
            assert_eq!(check(&rules, pin, NEVER), Ok(()), "{extension} {pin}");
        }
    }
}

#[test]
fn history_is_asked_last_and_only_about_a_pin_that_breaks_nothing_else() {
    let asked = Cell::new(0);
    let used = |pin: &str| {
        asked.set(asked.get() + 1);
        pin == "482917"
    };
    let rules = strict(&["4201"]);
    for (pin, rule) in [
        ("12a", BrokenRule::NotDigits),
        ("111", BrokenRule::TooShort { min: 4 }),
        ("1111111111111111111111111", BrokenRule::TooLong),
        ("1111", BrokenRule::CommonPattern),
        ("4201", BrokenRule::ExtensionPart),
    ] {
        assert_eq!(check(&rules, pin, &used), Err(rule), "{pin}");
    }
    assert_eq!(asked.get(), 0);
    assert_eq!(check(&rules, "482917", &used), Err(BrokenRule::UsedBefore));
    assert_eq!(check(&rules, "582917", &used), Ok(()));
    assert_eq!(asked.get(), 2);
    let both = PinRules { extensions: &["1234"], ..rules };
    assert_eq!(check(&both, "1234", &used), Err(BrokenRule::CommonPattern));
}

/// The same cases in every run, unless `PROPTEST_CASES` asks for another number of them.
fn config() -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if config.cases == 256 {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_pin_that_passes_keeps_every_rule(
        pin in "[0-9]{0,30}|[0-3]{3,6}|\\PC{0,8}",
        min_length in any::<u8>(),
        allow_common_patterns: bool,
        extensions in prop::collection::vec("[0-3]{1,6}", 0..4),
        used: bool,
    ) {
        let extensions: Vec<&str> = extensions.iter().map(String::as_str).collect();
        let rules = PinRules { min_length, allow_common_patterns, extensions: &extensions };
        let outcome = check(&rules, &pin, &|_| used);
        prop_assert_eq!(outcome, check(&rules, &pin, &|_| used));
        if outcome.is_ok() {
            prop_assert!(!used && (4..=24).contains(&pin.len()) && pin.chars().all(|c| c.is_ascii_digit()));
            let ends_apart = |extension: &&str| {
                !extension.ends_with(&pin)
                    && (extension.len() < 4 || !(pin.starts_with(extension) || pin.ends_with(extension)))
            };
            prop_assert!(extensions.iter().all(ends_apart));
            let runs = ["0123456789", "9876543210"].iter().any(|run| run.contains(&pin));
            prop_assert!(allow_common_patterns || !(runs || pin == pin.get(..1).unwrap().repeat(pin.len())));
        }
    }

    #[test]
    fn every_part_of_the_row_of_digits_is_a_common_pattern(from in 0..10_usize, length in 4..11_usize, down: bool) {
        let row = if down { "9876543210" } else { "0123456789" };
        if let Some(pin) = row.get(from..from + length) {
            prop_assert_eq!(check(&strict(&[]), pin, NEVER), Err(BrokenRule::CommonPattern));
        }
    }

    #[test]
    fn a_sentence_about_a_pin_never_repeats_it(pin in "[0-9]{4,26}") {
        let extension = pin.clone();
        for rules in [strict(&[]), PinRules { extensions: &[&extension], allow_common_patterns: true, min_length: 24 }] {
            let Err(rule) = check(&rules, &pin, &|_| true) else { panic!("it was used before") };
            let (sentence, debug) = (rule.to_string(), format!("{rule:?}"));
            prop_assert!(!sentence.contains(&pin) && !debug.contains(&pin) && sentence.ends_with('.'), "{}", sentence);
        }
    }
}
