//! The order of findings, and which of them counts first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
use super::*;

#[test]
fn what_an_object_says_stops_lamps_before_what_it_points_at() {
    let mut notes = Notes::default();
    notes.add(Code::DialPlanNotFound, "spec.dialPlanRef", "", "");
    notes.add(Code::AddressMissing, "spec.address", "", "");
    assert_eq!(notes.first_stop().unwrap().code, Code::AddressMissing);
    assert_eq!(notes.any_error().unwrap().code, Code::AddressMissing);
}

#[test]
fn errors_come_first_and_entries_of_lists_in_the_order_of_the_list() {
    let mut notes = Notes::default();
    notes.add(Code::ShortPINAllowed, "spec.a", "", "");
    for path in [
        "spec.groups[10].names[0]",
        "spec.groups[2].names[11]",
        "spec.groups",
        "spec.labels[b2]",
        "spec.groups[2].names[9]",
        "spec.groupsAllowed[1]",
        "spec.groups[2].mask",
        "spec.labels[b10]",
        "metadata.name",
    ] {
        notes.add(Code::ValueNotAllowed, path, "", "");
    }
    notes.sort();
    let paths: Vec<&str> = notes.all().iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "metadata.name",
            "spec.groups",
            "spec.groups[2].mask",
            "spec.groups[2].names[9]",
            "spec.groups[2].names[11]",
            "spec.groups[10].names[0]",
            "spec.groupsAllowed[1]",
            "spec.labels[b10]",
            "spec.labels[b2]",
            "spec.a",
        ]
    );
}
