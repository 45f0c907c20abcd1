//! What a dial plan's mode and a request to refresh do.

use crate::common::office::{Office, Program};
use crate::common::phone::Phone;

const OUT: &str = "off 0/0 (0/0)";
const ON: &str = "on 1/0 (0/0)";

fn lit() -> (Phone, Office, Program) {
    let phone = Phone::start();
    let office = Office::with(phone.port);
    let program = office.start();
    program.put("lina", 1, 0);
    program.put("omar", 2, 0);
    phone.shows("4201", ON);
    phone.shows("4202", "on 2/0 (0/0)");
    (phone, office, program)
}

#[test]
fn dark_puts_every_lamp_out_and_rests_until_the_plan_is_active_again() {
    let (phone, office, program) = lit();
    office.replace("plan.yaml", "mode: Active", "mode: Dark");
    phone.shows("4201", OUT);
    phone.shows("4202", OUT);
    assert_eq!(program.get("lina")["mwi"]["reason"], "NotifierDark");
    program.put("lina", 5, 0);
    program.put("omar", 0, 2);
    office.replace("plan.yaml", "mode: Dark", "mode: Active");
    phone.shows("4201", "on 5/0 (0/0)");
    phone.shows("4202", "off 0/2 (0/0)");
    assert_eq!(phone.history("4201"), [ON, OUT, "on 5/0 (0/0)"], "nothing was sent in the dark");
}

#[test]
fn dark_at_a_start_puts_out_what_was_lit_before() {
    let (phone, office, program) = lit();
    program.stop();
    office.replace("plan.yaml", "mode: Active", "mode: Dark");
    let _program = office.start();
    phone.shows("4201", OUT);
    phone.shows("4202", OUT);
}

#[test]
fn observe_sends_nothing_and_logs_what_it_would_send() {
    let (phone, office, program) = lit();
    let mark = program.mark();
    office.replace("plan.yaml", "mode: Active", "mode: Observe");
    program.says(mark, "NotifierObserves");
    assert_eq!(program.get("lina")["mwi"]["reason"], "NotifierObserves");
    program.put("lina", 7, 3);
    let line = program.logs("observed: this NOTIFY would be sent");
    for part in ["gateway=pbx", "lamp=4201", "new=7", "old=3"] {
        assert!(line.contains(part), "`{part}` is not in {line}");
    }
    office.replace("plan.yaml", "mode: Observe", "mode: Active");
    phone.shows("4201", "on 7/3 (0/0)");
    assert_eq!(phone.history("4201"), [ON, "on 7/3 (0/0)"]);
    assert_eq!(phone.history("4202").len(), 1);
}

/// Waits until each lamp was told its state so many times.
fn told(phone: &Phone, times: [usize; 2]) {
    let both = || [phone.history("4201").len(), phone.history("4202").len()];
    crate::common::wait(&format!("{times:?} NOTIFYs"), || (both() == times).then_some(()));
}

#[test]
fn a_new_value_of_the_refresh_annotation_sends_the_lamps_of_its_object_again() {
    let (phone, office, program) = lit();
    let annotate = |file: &str, value: &str| {
        let text = office.read(file);
        let head = text.split_once("namespace: voice").unwrap().0;
        let annotations = format!("annotations: {{um.lamplighter.dev/refresh-requested-at: \"{value}\"}}");
        office.write(
            file,
            &format!(
                "{head}namespace: voice, {annotations}}}\nspec:{}",
                text.split_once("\nspec:").unwrap().1
            ),
        );
    };
    annotate("lina.yaml", "2026-11-22T10:00:00Z");
    told(&phone, [2, 1]);
    annotate("lina.yaml", "2026-11-22T10:00:01Z");
    told(&phone, [3, 1]);
    annotate("pbx.yaml", "once");
    told(&phone, [4, 2]);
    annotate("plan.yaml", "once");
    told(&phone, [5, 3]);
    // The same value again asks for nothing: the change after it is the next that is heard.
    office.write(
        "plan.yaml",
        &office.read("plan.yaml").replace("mode: Active", "refreshInterval: 1h, mode: Active"),
    );
    let mark = program.mark();
    office.replace("omar.yaml", "4202", "4203");
    program.says(mark, "4203");
    phone.shows("4203", "on 2/0 (0/0)");
    phone.shows("4202", OUT);
    told(&phone, [5, 4]);
    assert!(phone.history("4201").iter().all(|state| state == ON));
}
