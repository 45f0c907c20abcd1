//! What a notifier of a cluster tells programs in its own pod over its socket. No API server is there: it goes by what it kept.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use serde_json::{Value, json};

use crate::common::http::{self, try_request};
use crate::common::phone::Phone;
use crate::common::process::{LAMPLIGHTER, Process};
use crate::common::{free_port, wait};
use crate::validate::Run;

const TOKEN: &str = "a-token-of-forty-characters-for-the-tests";

/// A notifier that starts with a configuration that it kept: Lina and Omar, a phone, and HTTP for a client with a token alone.
struct Pod {
    folder: tempfile::TempDir,
    phone: Phone,
    address: SocketAddr,
    process: Process,
}

impl Pod {
    fn start() -> Self {
        let (folder, phone) = (tempfile::tempdir().unwrap(), Phone::start());
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("values/secrets/voicemail")).unwrap();
        std::fs::write(path("values/secrets/voicemail/token"), TOKEN).unwrap();
        std::fs::write(path("voice.hq.resources.json"), resources(phone.port).to_string()).unwrap();
        // An API server that refuses every connection.
        let nobody = format!("http://127.0.0.1:{}", free_port());
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": nobody}}], "users": [{"name": "u", "user": {}}]
        });
        std::fs::write(path("kubeconfig"), config.to_string()).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = Command::new(LAMPLIGHTER);
        command.args([
            "notifier",
            "--dial-plan=hq",
            "--pod-namespace=voice",
            "--pod-name=hq-0",
            "--pod-uid=1",
        ]);
        command.args(["--sip-listen=127.0.0.1", &format!("--listen={address}"), "--data"]).arg(folder.path());
        command.arg("--values").arg(path("values")).arg("--socket").arg(path("own/socket"));
        let process = Process::start(command.env("KUBECONFIG", path("kubeconfig")).env("RUST_LOG", "info"));
        let ready =
            || try_request(address, "GET", "/readyz", &[], b"").ok().filter(|answer| answer.status == 200);
        wait("the notifier to be ready", ready);
        Self { folder, phone, address, process }
    }

    /// Runs a command in the pod.
    fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(LAMPLIGHTER);
        let socket = self.folder.path().join("own/socket");
        let output = command.args(arguments).arg("--socket").arg(socket).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    fn put(&self, mailbox: &str, new: u32) {
        let token = format!("Authorization: Bearer {TOKEN}");
        let path = format!("/v1/namespaces/voice/mailboxes/{mailbox}/messages");
        let body = json!({"new": new, "old": 0}).to_string();
        let headers = ["Content-Type: application/json", &token];
        let answer = http::request(self.address, "PUT", &path, &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

fn resources(port: u16) -> Value {
    let object = |kind: &str, name: &str, spec: Value| {
        let metadata = json!({"name": name, "namespace": "voice", "uid": name, "generation": 1});
        json!({"apiVersion": "um.lamplighter.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec})
    };
    let client = json!({"name": "voicemail", "tokenSecretRef": {"name": "voicemail", "key": "token"}, "scopes": ["messages"]});
    let notifier = json!({"sip": {"port": free_port()}, "http": {"clients": [client]}});
    let mailbox = |name: &str, extension: &str| {
        object("UMMailbox", name, json!({"mailboxPolicyRef": {"name": "staff"}, "extensions": [extension]}))
    };
    let plan = json!({"name": "hq"});
    json!({
        "dialPlans": [object("UMDialPlan", "hq", json!({"numberOfDigitsInExtension": 4, "notifier": notifier}))],
        "mailboxPolicies": [object("UMMailboxPolicy", "staff", json!({"dialPlanRef": plan}))],
        "gateways": [object("UMIPGateway", "pbx", json!({"address": "127.0.0.1", "port": port, "dialPlanRef": plan}))],
        "mailboxes": [mailbox("lina", "4201"), mailbox("omar", "4202")]
    })
}

#[test]
fn lamps_and_reasons_are_told_over_the_socket_without_a_token_and_without_an_api_server() {
    let pod = Pod::start();
    pod.put("lina", 1);
    pod.phone.shows("4201", "on 1/0 (0/0)");
    let lamps = wait("the lamp that is confirmed", || {
        let lamps = pod.run(&["lamps", "--here"]);
        assert_eq!((lamps.code, lamps.stderr.as_str()), (0, ""));
        lamps.stdout.contains(" on ").then_some(lamps.stdout)
    });
    let rows: Vec<Vec<&str>> = lamps.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[1][..7], ["hq", "lina", "4201", "on", "1/0", "True", "pbx"], "{lamps}");
    assert_eq!(rows[2], ["hq", "omar", "4202", "unknown", "-", "True", "-", "-"], "{lamps}");
    assert_eq!(rows.len(), 3, "{lamps}");

    let one = pod.run(&["lamps", "ummb/lina", "--here", "-o", "json"]);
    let one: Value = serde_json::from_str(&one.stdout).unwrap();
    assert_eq!(
        (&one["dialPlan"], &one["mailbox"], &one["lamp"]),
        (&"hq".into(), &"lina".into(), &"on".into())
    );

    let why = pod.run(&["why", "ummb/lina", "mwi", "--here"]);
    assert!(why.code == 0 && why.stdout.contains("\nmwi: yes\n"), "{why:?}");
    let why = pod.run(&["why", "ummb/lina", "mwi", "--here", "-o", "json"]);
    let why: Value = serde_json::from_str(&why.stdout).unwrap();
    assert_eq!(why["objects"][0]["features"][0]["allowed"], true);
}

#[test]
fn what_the_socket_tells_is_told_nowhere_else() {
    let pod = Pod::start();
    for page in ["/lamps", "/lamps/lina", "/why", "/log"] {
        for method in ["GET", "POST", "PUT"] {
            let answer = http::request(pod.address, method, page, &[], b"");
            assert!(matches!(answer.status, 404 | 405), "{method} {page}: {answer:?}");
        }
    }
    let answer = http::request(pod.address, "GET", "/v1/namespaces/voice/mailboxes/lina/messages", &[], b"");
    assert_eq!(answer.status, 401, "over the network a token is needed");
}

#[test]
fn what_is_not_there_is_said() {
    let pod = Pod::start();
    let refused = |arguments: &[&str], wanted: &str| {
        let run = pod.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
        assert!(run.stderr.contains(wanted), "{run:?}");
    };
    refused(
        &["why", "ummb/lisa", "--here"],
        "there is no UMMailbox/lisa in namespace voice; there are lina, omar",
    );
    refused(&["why", "umgw/pbx", "pin", "--here"], "a UMIPGateway has no say in pin");
    refused(&["lamps", "ummb/lisa", "--here"], "UMDialPlan/hq in namespace voice serves no mailbox lisa");
    refused(&["lamps", "umgw/pbx", "--here"], "a UMIPGateway has no lamps; ask for a mailbox or a dial plan");
    let nobody = Command::new(LAMPLIGHTER).args(["lamps", "--here", "--socket=/nowhere"]).output().unwrap();
    let said = String::from_utf8(nobody.stderr).unwrap();
    assert_eq!(nobody.status.code(), Some(2));
    assert!(said.contains("nobody answers at /nowhere; run this in the pod of a notifier"), "{said}");
}

#[test]
fn the_level_of_the_log_changes_while_the_notifier_runs() {
    let pod = Pod::start();
    let no_http = || {
        let mut stream = TcpStream::connect(pod.address).unwrap();
        stream.write_all(b"no HTTP\r\n\r\n").unwrap();
        drop(stream.read_to_end(&mut Vec::new()));
    };
    let detail = "an HTTP connection broke";
    no_http();
    assert!(!pod.process.stderr.text().contains(detail), "that is a detail");
    let set = pod.run(&["log-level", "debug"]);
    assert_eq!((set.code, set.stdout.as_str()), (0, "logs by lamplighter=debug,info\n"), "{set:?}");
    no_http();
    pod.process.stderr.wait_for(0, detail);
    let back = pod.run(&["log-level", "default"]);
    assert_eq!((back.code, back.stdout.as_str()), (0, "logs by info\n"), "{back:?}");
    pod.process.stderr.wait_for(0, "the level of the log was set level=default");
    let wrong = pod.run(&["log-level", "loud"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("choose one of error, warn, info, debug"), "{wrong:?}");
}

#[test]
fn called_as_a_plugin_its_help_names_the_command_that_people_type() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("kubectl-um");
    std::os::unix::fs::symlink(LAMPLIGHTER, &plugin).unwrap();
    for (program, usage) in
        [(plugin.as_path(), "Usage: kubectl um lamps "), (LAMPLIGHTER.as_ref(), "Usage: lamplighter lamps ")]
    {
        let help = Command::new(program).args(["lamps", "--help"]).output().unwrap();
        assert!(String::from_utf8_lossy(&help.stdout).contains(usage), "{help:?}");
    }
}
