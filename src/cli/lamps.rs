//! `lamplighter lamps`: the lamps of a mailbox, of a dial plan or of a namespace, as the notifiers see them. Asks, and writes a table; what
//! a lamp is, the notifier says.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde::Deserialize;

use super::cluster::{self, Cluster};
use super::why::object;
use super::{here, pour, say, tell};
use crate::domain::Kind;

/// Most bytes of one line, of a mailbox that is.
const LONGEST: usize = 1024 * 1024;
const HEADINGS: [&str; 8] =
    ["DIAL-PLAN", "MAILBOX", "LAMP", "SHOWS", "NEW/OLD", "ALLOWED", "CONFIRMED-BY", "AT"];

#[derive(Debug, Args)]
pub struct Options {
    /// A mailbox or a dial plan, as kubectl takes it: ummb/lina, umdp/head-office. Absent: all of the namespace.
    #[arg(value_name = "KIND/NAME", value_parser = object)]
    object: Option<(Kind, String)>,
    /// How the answer is written.
    #[arg(short = 'o', long, value_enum, default_value_t = Output::Text)]
    output: Output,
    #[command(flatten)]
    access: cluster::Access,
    #[command(flatten)]
    here: here::Here,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// A table, with a line for each lamp.
    Text,
    /// A line of JSON for each mailbox, as GET …/messages answers, with its dial plan.
    Json,
}

/// 0: all was told; 1: a dial plan has no notifier that could be asked; 2: nobody could be asked.
pub async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let Options { object, output, access, here } = options;
    let mailbox = match &object {
        Some((Kind::Mailbox, name)) => Some(name.as_str()),
        Some((kind @ (Kind::MailboxPolicy | Kind::Gateway), _)) => {
            bail!("a {kind} has no lamps; ask for a mailbox or a dial plan")
        }
        Some((Kind::DialPlan, _)) | None => None,
    };
    let mut shown = Shown::new(output);
    if here.here {
        let page = mailbox.map_or_else(|| "/lamps".to_owned(), |name| format!("/lamps/{name}"));
        here::get(&here.socket.path, &page, |piece| shown.take(piece)).await?;
        shown.end()?;
        return Ok(ExitCode::SUCCESS);
    }
    let cluster = Cluster::connect(&access).await?;
    let plans = match &object {
        Some((kind, name)) => cluster.plans_of(*kind, name).await?,
        None => cluster.dial_plans().await?,
    };
    if plans.is_empty() {
        let what = mailbox.map_or("no dial plan".to_owned(), |name| {
            format!("no UMMailbox/{name} with a policy and a dial plan")
        });
        bail!("there is {what} in namespace {}; `-n` names another", cluster.namespace);
    }
    let ended = ask(&cluster, &plans, mailbox, &mut shown).await?;
    shown.end()?;
    Ok(ExitCode::from(ended))
}

/// Asks a notifier of each dial plan. Returns the worst of how that ended.
async fn ask(
    cluster: &Cluster,
    plans: &[String],
    mailbox: Option<&str>,
    shown: &mut Shown,
) -> anyhow::Result<u8> {
    let pods = cluster.notifiers().await?;
    let object = mailbox.map(|name| format!("{}/{name}", Kind::Mailbox));
    let mut command: Vec<String> =
        ["lamplighter", "lamps", "--here", "--output=json"].map(str::to_owned).into();
    command.extend(object);
    let mut worst = 0;
    for plan in plans {
        match cluster.ready(&pods, std::slice::from_ref(plan)) {
            Ok(pod) => worst = worst.max(cluster.run(pod, &command, |piece| shown.take(piece)).await?),
            Err(reason) => {
                tell(format!("error: {reason}\n"));
                worst = worst.max(1);
            }
        }
    }
    Ok(worst)
}

/// What comes of the answers, line by line.
struct Shown {
    output: Output,
    begun: Vec<u8>,
    rows: Vec<[String; HEADINGS.len()]>,
    /// Something came that is no mailbox.
    broken: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mailbox {
    dial_plan: String,
    mailbox: String,
    mwi: Mwi,
    lamps: Vec<Lamp>,
    messages: Option<Counts>,
}

#[derive(Deserialize)]
struct Mwi {
    allowed: Option<bool>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Lamp {
    address: String,
    state: String,
    gateways: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    name: String,
    at: String,
}

#[derive(Deserialize)]
struct Counts {
    new: u32,
    old: u32,
}

impl Shown {
    const fn new(output: Output) -> Self {
        Self { output, begun: Vec::new(), rows: Vec::new(), broken: false }
    }

    fn take(&mut self, piece: &[u8]) {
        if self.output == Output::Json {
            pour(piece);
            return;
        }
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(part);
            self.broken |= self.begun.len() > LONGEST;
            if part.ends_with(b"\n") || self.broken {
                let line = std::mem::take(&mut self.begun);
                match serde_json::from_slice(&line) {
                    Ok(mailbox) => self.rows.extend(rows(&mailbox)),
                    Err(_) => self.broken = true,
                }
            }
        }
    }

    /// Writes the table.
    fn end(&self) -> anyhow::Result<()> {
        if self.output == Output::Text {
            say(&table(&self.rows));
        }
        if self.broken || !self.begun.is_empty() {
            bail!(
                "a notifier answers what this version does not understand; take the version of the operator"
            );
        }
        Ok(())
    }
}

/// A row for each lamp; a mailbox without any has one all the same.
fn rows(mailbox: &Mailbox) -> Vec<[String; HEADINGS.len()]> {
    let allowed = match (mailbox.mwi.allowed, &mailbox.mwi.reason) {
        (Some(true), _) => "True".to_owned(),
        (_, Some(reason)) => reason.clone(),
        (_, None) => "Unknown".to_owned(),
    };
    let counts = mailbox.messages.as_ref().map(|counts| format!("{}/{}", counts.new, counts.old));
    let none = || "-".to_owned();
    let row = |lamp: Option<&Lamp>| {
        let told = lamp.and_then(|lamp| lamp.gateways.first());
        [
            mailbox.dial_plan.clone(),
            mailbox.mailbox.clone(),
            lamp.map_or_else(none, |lamp| lamp.address.clone()),
            lamp.map_or_else(none, |lamp| lamp.state.clone()),
            counts.clone().unwrap_or_else(none),
            allowed.clone(),
            told.map_or_else(none, |told| told.name.clone()),
            told.map_or_else(none, |told| told.at.clone()),
        ]
    };
    match mailbox.lamps.as_slice() {
        [] => vec![row(None)],
        lamps => lamps.iter().map(|lamp| row(Some(lamp))).collect(),
    }
}

fn table(rows: &[[String; HEADINGS.len()]]) -> String {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.chain(HEADINGS.get(at).map(|heading| heading.len())).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        // What pods say must not steer a terminal.
        let plain = cells.map(|cell| cell.replace(char::is_control, " "));
        let padded = plain.zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("   ").trim_end().to_owned() + "\n"
    };
    let all = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    std::iter::once(line(&mut HEADINGS.into_iter())).chain(all).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn lines_that_come_in_pieces_become_a_table_with_a_row_for_each_lamp() {
        let lines = concat!(
            r#"{"dialPlan":"hq","namespace":"voice","mailbox":"lina","version":1,"messages":{"new":1,"old":0,"urgentNew":0,"urgentOld":0},"lamp":"on","mwi":{"allowed":true,"reason":"Allowed"},"lamps":[{"address":"4201","state":"on","gateways":[{"name":"pbx","told":{"new":1,"old":0,"urgentNew":0,"urgentOld":0},"at":"2026-11-02T09:00:00Z","answer":200}]},{"address":"4250","state":"pending","gateways":[]}]}"#,
            "\n",
            r#"{"dialPlan":"hq","namespace":"voice","mailbox":"omar","version":null,"messages":null,"lamp":"unknown","mwi":{"allowed":false,"reason":"MWIForbiddenByPolicy"},"lamps":[]}"#,
            "\n",
        );
        let mut shown = Shown::new(Output::Text);
        lines.as_bytes().chunks(7).for_each(|piece| shown.take(piece));
        shown.end().unwrap();
        assert_eq!(
            table(&shown.rows),
            "DIAL-PLAN   MAILBOX   LAMP   SHOWS     NEW/OLD   ALLOWED                CONFIRMED-BY   AT\n\
             hq          lina      4201   on        1/0       True                   pbx            2026-11-02T09:00:00Z\n\
             hq          lina      4250   pending   1/0       True                   -              -\n\
             hq          omar      -      -         -         MWIForbiddenByPolicy   -              -\n"
        );
    }

    #[test]
    fn what_is_no_mailbox_or_breaks_off_is_an_error() {
        for text in ["{\"a\":1}\n", "{\"dialPlan\":"] {
            let mut shown = Shown::new(Output::Text);
            shown.take(text.as_bytes());
            assert!(shown.end().is_err(), "{text}");
        }
    }
}
