//! Golden cases: folders with manifests as a user would write them, and what must come out. `UPDATE=1` rewrites.
#![allow(clippy::disallowed_methods, reason = "UPDATE=1 is read from the environment")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[cfg(feature = "validate")]
#[path = "golden/admission.rs"]
mod admission;
#[path = "golden/answers.rs"]
mod answers;
#[path = "golden/complete.rs"]
mod complete;
#[path = "golden/effects.rs"]
mod effects;
#[path = "golden/engine.rs"]
mod engine;
#[path = "golden/evaluate.rs"]
mod evaluate;
#[path = "golden/leaves.rs"]
mod leaves;
#[path = "golden/objects.rs"]
mod objects;
#[cfg(feature = "validate")]
#[path = "golden/texts.rs"]
mod texts;

#[test]
fn evaluation_of_every_golden_case_is_as_recorded() {
    evaluate::run();
}

#[test]
fn every_finding_code_has_a_golden_case_and_a_place_in_the_docs() {
    evaluate::run_codes();
}

#[test]
fn examples_evaluate_without_a_finding() {
    evaluate::run_examples();
}

#[test]
fn the_engine_acts_in_every_script_as_recorded() {
    engine::run();
}

#[cfg(feature = "validate")]
#[test]
fn an_api_server_would_say_of_every_object_what_is_recorded() {
    admission::run();
}

#[cfg(feature = "validate")]
#[test]
fn what_an_api_server_refuses_is_an_error_of_the_object_alone() {
    admission::run_domain();
}

#[cfg(feature = "validate")]
#[test]
fn what_the_domain_calls_an_error_of_the_object_alone_is_refused_by_an_api_server() {
    admission::run_refused();
}

#[cfg(feature = "validate")]
#[test]
fn each_text_is_refused_where_the_domain_refuses_it() {
    texts::run();
}

#[test]
fn every_default_range_and_word_of_the_definitions_has_a_golden_case() {
    complete::run();
}

#[test]
fn every_setting_has_an_effect_or_is_deferred() {
    effects::run();
}
