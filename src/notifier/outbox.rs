//! Requests to gateways: finds the way, writes the message, answers challenges, and says how each ended. It owns no rule
//! about lamps: the engine asked for what is sent here and hears what became of it.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::identity::{Names, Uris, uris};
use super::metrics::PlanLabels;
use super::setup::Peer;
use super::way::{Way, says_down};
use crate::domain::object::UriType;
use crate::engine::Time;
use crate::engine::mwi::{self, Attempt};
use crate::net::client::{self, Client, Outcome, Outgoing};
use crate::net::endpoint::Endpoint;
use crate::net::resolve::{Route, RouteError};
use crate::sip::message::Response;
use crate::sip::outgoing::{Ids, Notify, OptionsPing, branch_text};
use crate::sip::summary::Counts;
use crate::sip::text::Token;
use crate::sip::uri::{SipUri, UriError};
use crate::sip::{answer, digest};

/// Requests in flight, lingering ones among them.
const MOST_IN_FLIGHT: usize = 8192;
/// How long a way is used before its name is looked up again; DNS answers are kept by their own TTL below that.
const ROUTE_LIFE: Duration = Duration::from_secs(5);
/// A probe without an answer for so long has failed.
const PROBE_LIMIT: Duration = Duration::from_secs(4);
/// Probes are numbered apart from attempts.
const PROBES: u64 = 1 << 63;

/// What became of something.
#[derive(Debug)]
pub enum Event {
    /// An attempt ended.
    Answered {
        /// Which.
        attempt: Attempt,
        /// What it told, or was to tell.
        lamp: String,
        /// Its Call-ID.
        call_id: Token,
        /// How.
        answer: mwi::Answer,
        /// To whom it went.
        gateway: String,
        /// How long it took.
        took: Duration,
    },
    /// A probe ended.
    Probed {
        /// Of whom.
        gateway: String,
        /// Whether it answers.
        alive: bool,
    },
}

/// What a lamp is to be told.
#[derive(Clone, Debug)]
pub struct Order {
    /// The engine's number.
    pub attempt: Attempt,
    /// The lamp's address.
    pub lamp: String,
    /// Primary extension of its mailbox.
    pub extension: String,
    /// Form of its address.
    pub uri_type: UriType,
    /// Its messages.
    pub counts: Counts,
}

/// One request on its way.
struct Flight {
    order: Option<Order>,
    peer: Arc<Peer>,
    started: Time,
    /// The address that it went to last.
    to: Option<SocketAddr>,
    call_id: Token,
    from_tag: Token,
    cseq: u32,
}

struct Found {
    peer: Arc<Peer>,
    routes: Result<Vec<Route>, RouteError>,
}

/// All requests of one notifier.
pub struct Outbox {
    plan: PlanLabels,
    endpoint: Arc<Endpoint>,
    client: Client,
    outcomes: mpsc::Receiver<Outcome>,
    found: mpsc::Receiver<Found>,
    finder: mpsc::Sender<Found>,
    ways: BTreeMap<String, Way>,
    flights: BTreeMap<u64, Flight>,
    probes: VecDeque<(Time, u64)>,
    next_probe: u64,
    events: Vec<Event>,
}

impl Outbox {
    /// An outbox of a dial plan that sends from that endpoint.
    pub fn new(plan: PlanLabels, endpoint: Arc<Endpoint>) -> Self {
        let (sender, outcomes) = mpsc::channel(MOST_IN_FLIGHT);
        let (finder, found) = mpsc::channel(64);
        let client = endpoint.client(sender);
        Self {
            plan,
            endpoint,
            client,
            outcomes,
            found,
            finder,
            ways: BTreeMap::new(),
            flights: BTreeMap::new(),
            probes: VecDeque::new(),
            next_probe: PROBES,
            events: Vec::new(),
        }
    }

    /// Whether it sends from that endpoint.
    pub fn sends_from(&self, endpoint: &Arc<Endpoint>) -> bool {
        Arc::ptr_eq(&self.endpoint, endpoint)
    }

    /// Attempts that have not ended.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.flights.values().filter_map(|flight| flight.order.as_ref().map(|order| order.attempt)).collect()
    }

    /// Sends a NOTIFY.
    pub fn notify(&mut self, peer: &Arc<Peer>, order: Order, now: Time) {
        let id = order.attempt.0;
        self.take_off(id, peer, Some(order), now);
    }

    /// Sends OPTIONS.
    pub fn probe(&mut self, peer: &Arc<Peer>, now: Time) {
        self.next_probe = self.next_probe.wrapping_add(1) | PROBES;
        self.probes.push_back((now + PROBE_LIMIT, self.next_probe));
        self.take_off(self.next_probe, peer, None, now);
    }

    /// Drops the ways to gateways that are not used any more, with their passwords and keys.
    pub fn forget_peers(&mut self, peers: &BTreeMap<String, Arc<Peer>>) {
        self.ways.retain(|name, _| peers.contains_key(name));
    }

    /// The address that requests to a gateway leave from.
    pub fn source(&self, gateway: &str) -> Option<IpAddr> {
        self.endpoint.source(self.ways.get(gateway)?.reached?).ok()
    }

    /// Stops an attempt.
    pub fn abandon(&mut self, attempt: Attempt) {
        if self.flights.remove(&attempt.0).is_some() {
            self.client.abandon(attempt.0);
        }
    }

    /// Ends probes that took too long.
    pub fn expire(&mut self, now: Time) {
        while let Some((_, id)) = self.probes.front().copied().filter(|(at, _)| *at <= now) {
            self.probes.pop_front();
            if self.flights.contains_key(&id) {
                self.client.abandon(id);
                self.end(id, &client::Answer::Expired, now);
            }
        }
    }

    /// When [`Outbox::expire`] is needed.
    pub fn deadline(&self) -> Option<Time> {
        self.probes.front().map(|(at, _)| *at)
    }

    /// Events that came about while something else was done.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Waits until something ends; then [`Outbox::events`] has it. Loses nothing when it is dropped half-way.
    pub async fn progress(&mut self, outcomes: &mut Vec<Outcome>, now: impl Fn() -> Time) {
        tokio::select! {
            _ = self.outcomes.recv_many(outcomes, 256) => {
                let now = now();
                for outcome in outcomes.drain(..) {
                    self.landed(outcome, now);
                }
            }
            Some(found) = self.found.recv() => self.found(found, now()),
        }
    }

    fn take_off(&mut self, id: u64, peer: &Arc<Peer>, order: Option<Order>, now: Time) {
        let flight = Flight {
            order,
            peer: Arc::clone(peer),
            started: now,
            to: None,
            call_id: Token::from_random(rand::random()),
            from_tag: Token::from_random(rand::random()),
            cseq: 1,
        };
        self.flights.insert(id, flight);
        let way = self.ways.entry(peer.name.clone()).or_insert_with(|| Way::new(peer));
        if !Arc::ptr_eq(&way.peer, peer) {
            let waiting = std::mem::take(&mut way.waiting);
            *way = Way::new(peer);
            way.waiting = waiting;
        }
        if now >= way.until && !way.is_asked {
            way.is_asked = true;
            find(Arc::clone(&self.endpoint), Arc::clone(peer), self.finder.clone());
        }
        match way.routes.front() {
            // A way that was good a moment ago is good until the next is found.
            Some(route) => {
                let route = route.clone();
                self.send(id, route, None, now);
            }
            None => way.waiting.push(id),
        }
    }

    fn found(&mut self, found: Found, now: Time) {
        let Some(way) = self.ways.get_mut(&found.peer.name).filter(|way| Arc::ptr_eq(&way.peer, &found.peer))
        else {
            return;
        };
        way.is_asked = false;
        let waiting = std::mem::take(&mut way.waiting);
        match found.routes {
            Ok(mut routes) => {
                // Addresses that were there stay in the order that failures gave them; new ones come first.
                routes.sort_by_key(|new| way.routes.iter().position(|old| old.peer == new.peer));
                way.routes = routes.into();
                way.is_lost = false;
                way.until = now + ROUTE_LIFE;
                let Some(route) = way.routes.front().cloned() else { return };
                for id in waiting {
                    self.send(id, route.clone(), None, now);
                }
            }
            Err(error) => {
                way.until = now + ROUTE_LIFE;
                if !std::mem::replace(&mut way.is_lost, true) {
                    let PlanLabels { namespace, name } = &self.plan;
                    tracing::warn!(%namespace, %name, gateway = %found.peer.name, error = &error as &dyn std::error::Error, "no way to the gateway");
                }
                // Name servers fail more often than PBXs move: what worked a moment ago goes on being used.
                let waiting = if way.routes.is_empty() { waiting } else { Vec::new() };
                for id in waiting {
                    self.end(id, &client::Answer::Transport(client::Failure::Unreachable), now);
                }
            }
        }
    }

    fn send(&mut self, id: u64, route: Route, authorization: Option<(&'static str, String)>, now: Time) {
        let Some(flight) = self.flights.get_mut(&id) else { return };
        flight.to = Some(route.peer);
        let ids = Ids {
            branch: Token::from_random(rand::random()),
            call_id: flight.call_id.clone(),
            from_tag: flight.from_tag.clone(),
        };
        let bytes = match flight.message(&route, &ids, authorization) {
            Ok(bytes) => bytes,
            Err(error) => {
                let PlanLabels { namespace, name } = &self.plan;
                let lamp = flight.order.as_ref().map(|order| order.lamp.as_str());
                tracing::warn!(%namespace, %name, gateway = %flight.peer.name, lamp, %error, "the lamp's address makes no URI for this gateway");
                // As the gateway itself would say to a lamp that it does not know.
                self.end(id, &client::Answer::Final { status: 404, response: None }, now);
                return;
            }
        };
        let method = if flight.order.is_some() { "NOTIFY" } else { "OPTIONS" };
        let outgoing = Outgoing { id, route, branch: branch_text(&ids), method, bytes };
        if let Err(error) = self.client.send(outgoing) {
            tracing::debug!(%error, "not sent");
            self.end(id, &client::Answer::Transport(client::Failure::Overloaded), now);
        }
    }

    fn landed(&mut self, outcome: Outcome, now: Time) {
        let Outcome { id, answer } = outcome;
        if let client::Answer::Final { status: status @ (401 | 407), response: Some(response) } = &answer
            && let Some((route, authorization)) = self.authorization(id, *status, response)
        {
            if let Some(flight) = self.flights.get_mut(&id) {
                flight.cseq += 1;
            }
            self.send(id, route, Some(authorization), now);
            return;
        }
        self.end(id, &answer, now);
    }

    /// The answer to a challenge: once, and once more where only the nonce was stale.
    fn authorization(
        &self,
        id: u64,
        status: u16,
        response: &Response,
    ) -> Option<(Route, (&'static str, String))> {
        let flight = self.flights.get(&id)?;
        // A probe that is challenged has its answer: the gateway is alive.
        flight.order.as_ref()?;
        let credentials = flight.peer.credentials.as_ref()?;
        let (asked, answered) = if status == 401 {
            ("WWW-Authenticate", "Authorization")
        } else {
            ("Proxy-Authenticate", "Proxy-Authorization")
        };
        let challenge = digest::best(response.headers(asked))?;
        if flight.cseq > 2 || (flight.cseq == 2 && !challenge.stale) {
            return None;
        }
        let route = self.ways.get(&flight.peer.name)?.routes.front()?.clone();
        let uri = flight.uris(&route).ok()?.request;
        let cnonce = Token::from_random(rand::random());
        let value = digest::answer(
            &challenge,
            "NOTIFY",
            uri.as_str(),
            &credentials.username,
            &credentials.password,
            cnonce.as_str(),
            1,
        );
        Some((route, (answered, value)))
    }

    fn end(&mut self, id: u64, answer: &client::Answer, now: Time) {
        let Some(flight) = self.flights.remove(&id) else { return };
        let gateway = flight.peer.name.clone();
        // What comes late from an earlier configuration says nothing of the way that is used now.
        if let Some(way) = self.ways.get_mut(&gateway).filter(|way| Arc::ptr_eq(&way.peer, &flight.peer)) {
            way.ended(flight.to, matches!(answer, client::Answer::Final { .. }));
            match answer {
                client::Answer::Transport(failure) if !says_down(failure) => {}
                client::Answer::Transport(failure) => {
                    way.complain(failure, &self.plan);
                    way.turn_from(flight.to);
                }
                client::Answer::Final { status, .. } => {
                    way.answered();
                    // Probes are seldom challenged, so they show nothing of the password.
                    if flight.order.is_some() {
                        way.challenged(*status, &self.plan, &flight.call_id);
                    }
                }
                // A datagram to a dead address is not refused, it is lost.
                client::Answer::Expired => way.turn_from(flight.to),
            }
        }
        let event = match (flight.order, answer) {
            (Some(Order { attempt, lamp, .. }), answer) => {
                let answer = match answer {
                    client::Answer::Final { status, .. } => mwi::Answer::Final(*status),
                    client::Answer::Transport(failure) if !says_down(failure) => mwi::Answer::Expired,
                    client::Answer::Transport(_) => mwi::Answer::Transport,
                    client::Answer::Expired => mwi::Answer::Expired,
                };
                let took = now.saturating_sub(flight.started);
                Event::Answered { attempt, lamp, call_id: flight.call_id, answer, gateway, took }
            }
            (None, client::Answer::Final { status, .. }) => {
                Event::Probed { gateway, alive: answer::alive(*status) }
            }
            // The next probe will tell.
            (None, client::Answer::Transport(failure)) if !says_down(failure) => return,
            (None, client::Answer::Transport(_) | client::Answer::Expired) => {
                Event::Probed { gateway, alive: false }
            }
        };
        self.events.push(event);
    }
}

impl Flight {
    fn uris(&self, route: &Route) -> Result<Uris, UriError> {
        let Some(order) = &self.order else { return Err(UriError::User) };
        let names = Names {
            uri_type: order.uri_type,
            lamp: &order.lamp,
            extension: &order.extension,
            gateway: &self.peer.address,
            notifier: &route.hop.sent_by.host,
        };
        uris(&self.peer.identity, &names)
    }

    fn gateway_uri(&self) -> Result<SipUri, UriError> {
        format!("sip:{}", self.peer.address).parse()
    }

    fn message(
        &self,
        route: &Route,
        ids: &Ids,
        authorization: Option<(&'static str, String)>,
    ) -> Result<Vec<u8>, UriError> {
        let mut bytes = Vec::with_capacity(768);
        let (hop, cseq) = (&route.hop, self.cseq);
        match &self.order {
            Some(order) => {
                let Uris { request, from, to, account } = self.uris(route)?;
                let authorization = authorization.as_ref().map(|(name, value)| (*name, value.as_str()));
                let notify = Notify {
                    request_uri: &request,
                    from: &from,
                    to: &to,
                    account: &account,
                    counts: order.counts,
                    hop,
                    ids,
                    cseq,
                    authorization,
                };
                notify.write(&mut bytes);
            }
            None => {
                let gateway = self.gateway_uri()?;
                let from = format!("sip:{}", hop.sent_by).parse()?;
                OptionsPing { request_uri: &gateway, from: &from, to: &gateway, hop, ids, cseq }
                    .write(&mut bytes);
            }
        }
        Ok(bytes)
    }
}

fn find(endpoint: Arc<Endpoint>, peer: Arc<Peer>, tell: mpsc::Sender<Found>) {
    tokio::spawn(async move {
        let routes = endpoint.routes(&peer.target).await;
        // The notifier may have ended meanwhile.
        let _ = tell.send(Found { peer, routes }).await;
    });
}
