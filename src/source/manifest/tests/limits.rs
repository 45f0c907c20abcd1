use std::time::{Duration, Instant};

use super::{brief, document, mailbox, problem, read};

#[test]
fn a_billion_laughs_end_in_a_moment() {
    let bomb = |open: &str, close: &str| {
        let mut bomb = mailbox("  pod:\n    a0: &a0 {lol: lol}");
        for level in 1..30 {
            let before = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb.push_str(&format!("    a{level}: &a{level} {open}{before}{close}\n"));
        }
        bomb
    };
    let start = Instant::now();
    let p = problem(&bomb("[", "]"));
    assert_eq!(p.code, "AliasBudget");
    assert_eq!(p.object.map(|object| object.name).as_deref(), Some("lina"));
    assert_eq!(problem(&bomb("{<<: [", "]}")).code, "AliasBudget");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let foreign =
        bomb("[", "]").replace("um.lamplighter.dev/v1alpha1", "example.com/v1").replace("UMMailbox", "Bomb");
    assert_eq!(read(&foreign).problems, [], "a foreign kind is passed over");
}

#[test]
fn what_lies_too_deep_is_cut_off() {
    let deep =
        |levels: usize| mailbox(&format!("  pod: {{x: {}{}}}", "[".repeat(levels), "]".repeat(levels)));
    assert_eq!(document(&deep(61)).name, "lina");
    assert_eq!(brief(&read(&deep(62))), ["7:73 TooDeep "]);
    for depth in [200, 1_000, 300_000] {
        for open in ["[", "{a: ", "- ", "? ", "[{a: "] {
            let start = Instant::now();
            let loaded = read(&format!(
                "apiVersion: um.lamplighter.dev/v1alpha1\nkind: UMIPGateway\nspec:\n  {}",
                open.repeat(depth)
            ));
            assert_eq!(
                loaded.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
                ["TooDeep"],
                "{open} {depth}"
            );
            assert!(!loaded.files[0].healthy);
            assert!(start.elapsed() < Duration::from_secs(5), "{open} {depth} {:?}", start.elapsed());
        }
    }
    let through_aliases = mailbox(&format!(
        "  pod:\n    a: &a {}x{}\n    b: {}*a{}",
        "[".repeat(40),
        "]".repeat(40),
        "[".repeat(30),
        "]".repeat(30)
    ));
    assert_eq!(problem(&through_aliases).code, "TooDeep");
}

#[test]
fn a_file_full_of_faults_takes_no_more_than_its_length() {
    let start = Instant::now();
    let loaded = read(&"---\n[\n".repeat(170_000));
    assert_eq!(loaded.problems.len(), 10_000);
    assert_eq!(loaded.problems[9_999].place.line, 20_000);
    let twice: String = (0..100_000).map(|number| format!("    k{}: x\n", number % 50_000)).collect();
    assert_eq!(read(&mailbox(&format!("  pod:\n{twice}"))).problems.len(), 100);
    // A few seconds on an idle machine; what grows with the square of the length takes hours.
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}
