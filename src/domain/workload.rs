//! The configuration of each dial plan's notifier, as it follows from an outcome.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::finding::{Aspect, Code, Finding, Severity};
use super::object::{Auth, Family, Http, Identity, Mode, NotifierTls, Tls, UriType};
use super::route::{Way, default_port, port, way};
use super::scalar::LampAddress;
use super::{Claim, Outcome};
use crate::sip::text::{Host, HostPort};

/// All that the notifier of one dial plan goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifierConfig {
    /// Name of the dial plan.
    pub dial_plan: String,
    /// False while the dial plan has errors: then lamps stay as they are.
    pub sound: bool,
    /// What it does.
    pub mode: Mode,
    /// Form of its addresses.
    pub uri_type: UriType,
    /// How often each lamp is sent again.
    pub refresh_interval: Duration,
    /// Port for UDP and TCP.
    pub sip_port: u16,
    /// What stands in Via, Contact and From.
    pub advertised_address: Option<Host>,
    /// TLS listener.
    pub tls: Option<NotifierTls>,
    /// Who may call over HTTP.
    pub http: Http,
    /// Gateways that take NOTIFY, in the order in which they are tried.
    pub gateways: Vec<GatewayRoute>,
    /// Mailboxes of the dial plan, and those whose dial plan is not known because of an error, by name.
    pub mailboxes: Vec<MailboxClaim>,
}

/// The way to one gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRoute {
    /// Name of the gateway.
    pub name: String,
    /// Where it is; none: the simulator.
    pub address: Option<Host>,
    /// Its port; a simulator may have none, then any.
    pub port: Option<u16>,
    /// Transport.
    pub way: Way,
    /// Addresses of its host name that are used.
    pub family: Family,
    /// 0: no limit.
    pub max_notify_per_second: u32,
    /// URIs of NOTIFY.
    pub identity: Identity,
    /// The proxy to which requests are sent instead; its port is the usual one of the way unless given.
    pub proxy: Option<HostPort>,
    /// Digest credentials.
    pub auth: Option<Auth>,
    /// Certificates.
    pub tls: Option<Tls>,
}

/// What one mailbox means for the lamps of a notifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxClaim {
    /// Name of the mailbox.
    pub name: Arc<str>,
    /// It is one of this dial plan's; false where an error hides which dial plan it has.
    pub placed: bool,
    /// Extensions and addresses by which a voice-mail server may name it.
    pub addresses: Vec<String>,
    /// Primary extension, for `{extension}` in templates.
    pub extension: Option<String>,
    /// Its lamps.
    pub lamps: Vec<LampAddress>,
    /// What it means for them.
    pub claim: Claim,
    /// Why; none for a mailbox whose manifest can't be read.
    pub reason: Option<Code>,
}

impl NotifierConfig {
    /// Takes in mailboxes that exist and can't be read: their lamps stay as they are.
    pub fn hold(&mut self, names: &[String]) {
        let held = |name: &String| MailboxClaim {
            name: name.as_str().into(),
            placed: false,
            addresses: Vec::new(),
            extension: None,
            lamps: Vec::new(),
            claim: Claim::Frozen,
            reason: None,
        };
        self.mailboxes.extend(names.iter().map(held));
        self.mailboxes.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

impl Outcome {
    /// Configuration of every dial plan's notifier, in the order of their names.
    #[must_use]
    pub fn notifiers(&self) -> Vec<NotifierConfig> {
        let plans = &self.linked.dial_plans;
        let mut claims: Vec<Vec<MailboxClaim>> = vec![Vec::new(); plans.len()];
        let mut unplaced = Vec::new();
        for (at, node) in self.linked.mailboxes.iter().enumerate() {
            let Some(claim) = self.claim(at) else { continue };
            match node.value.dial_plan.and_then(|plan| claims.get_mut(plan as usize)) {
                Some(list) => list.push(claim),
                None => unplaced.push(claim),
            }
        }
        let config = |(at, mailboxes): (usize, Vec<MailboxClaim>)| self.notifier(at, mailboxes, &unplaced);
        claims.into_iter().enumerate().filter_map(config).collect()
    }

    /// Whether the objects of a notifier in a cluster stay as they are: the dial plan is suspended, or has an error in what they are made
    /// of, for which a nearby value stands in that nobody meant. Errors elsewhere keep no pod from a new image.
    #[must_use]
    pub fn objects_stay(&self, at: usize) -> bool {
        let Some(node) = self.linked.dial_plans.get(at) else { return true };
        node.value.suspended || node.notes.all().iter().any(is_about_objects)
    }

    fn claim(&self, at: usize) -> Option<MailboxClaim> {
        let (node, mwi) = (self.linked.mailboxes.get(at)?, self.mwi.get(at)?);
        let own = &node.value.own;
        let extensions = own.extensions.iter().flatten().map(|extension| extension.as_str().to_owned());
        let resource = own.resource.iter().map(ToString::to_string);
        Some(MailboxClaim {
            name: Arc::clone(&node.name),
            placed: node.value.dial_plan.is_some(),
            addresses: extensions.chain(resource).collect(),
            extension: own.extensions.iter().flatten().next().map(|extension| extension.as_str().to_owned()),
            lamps: own.lamps.clone(),
            claim: mwi.claim,
            reason: Some(mwi.reason),
        })
    }

    fn notifier(
        &self,
        at: usize,
        mut mailboxes: Vec<MailboxClaim>,
        unplaced: &[MailboxClaim],
    ) -> Option<NotifierConfig> {
        let node = self.linked.dial_plans.get(at)?;
        let plan = &node.value;
        let notifier = &plan.notifier;
        mailboxes.extend(without_taken(unplaced, &mailboxes));
        mailboxes.sort_by(|a, b| a.name.cmp(&b.name));
        let routes = self.routes.get(at).into_iter().flatten();
        Some(NotifierConfig {
            dial_plan: node.name.to_string(),
            sound: node.is_sound(),
            mode: notifier.mode,
            uri_type: plan.uri_type,
            refresh_interval: notifier.refresh_interval,
            sip_port: notifier.sip_port,
            advertised_address: notifier.advertised_address.clone(),
            tls: notifier.tls.clone(),
            http: notifier.http.clone(),
            gateways: routes.filter_map(|gateway| self.gateway_route(*gateway, at)).collect(),
            mailboxes,
        })
    }

    pub(super) fn gateway_route(&self, gateway: u32, plan: usize) -> Option<GatewayRoute> {
        let node = self.linked.gateways.get(gateway as usize)?;
        let gateway = &node.value.0;
        let security = self.linked.dial_plans.get(plan)?.value.security;
        let address = if gateway.simulator { None } else { Some(gateway.address.clone()?) };
        let way = way(security, gateway);
        let proxy = gateway.proxy.as_ref().filter(|_| !gateway.simulator);
        Some(GatewayRoute {
            name: node.name.to_string(),
            port: port(security, gateway),
            address,
            way,
            family: gateway.family,
            max_notify_per_second: gateway.max_notify_per_second,
            identity: gateway.identity.clone(),
            proxy: proxy
                .map(|(host, port)| HostPort { host: host.clone(), port: port.unwrap_or(default_port(way)) }),
            auth: gateway.auth.clone(),
            tls: gateway.tls.clone(),
        })
    }
}

/// Whether it is an error in what the objects of a notifier are made of.
fn is_about_objects(finding: &Finding) -> bool {
    const MADE_OF: [&str; 3] = ["metadata.name", "spec.voipSecurity", "spec.notifier"];
    finding.code.severity() == Severity::Error
        && finding.code.aspect() == Aspect::Accepted
        && (finding.code == Code::TooManyGateways
            || MADE_OF.iter().any(|field| finding.path.starts_with(field)))
}

/// Mailboxes whose dial plan is not known, without the addresses that a mailbox of this dial plan has.
fn without_taken(unplaced: &[MailboxClaim], mailboxes: &[MailboxClaim]) -> Vec<MailboxClaim> {
    if unplaced.is_empty() {
        return Vec::new();
    }
    let taken: BTreeSet<&String> = mailboxes.iter().flat_map(|mailbox| &mailbox.addresses).collect();
    let free = |claim: &MailboxClaim| {
        let addresses = claim.addresses.iter().filter(|address| !taken.contains(address)).cloned().collect();
        MailboxClaim { addresses, ..claim.clone() }
    };
    unplaced.iter().map(free).collect()
}
