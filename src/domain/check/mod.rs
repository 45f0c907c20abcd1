//! What only several objects show together: things that two claim, gateways that don't fit their dial plan, and
//! objects that have no effect. Each rule is one small function; the list below is the order in which they run.

mod children;
mod claims;
mod dependents;
mod dialing;
mod effect;
mod gateways;
mod keys;
mod wishes;

use std::sync::Arc;

use super::link::{Linked, Node};
use super::snapshot::Facts;

/// Runs every rule.
pub fn all(linked: &mut Linked, facts: &Facts) {
    claims::display_names_are_unique(linked);
    claims::access_numbers_belong_to_the_oldest_dial_plan(linked);
    claims::extensions_belong_to_the_oldest_mailbox(linked);
    claims::resources_belong_to_the_oldest_mailbox(linked);
    dialing::allowed_groups_exist(linked);
    gateways::gateways_fit_their_dial_plans(linked);
    gateways::identities_fit_their_dial_plans(linked);
    gateways::gateway_addresses_differ(linked);
    gateways::one_gateway_calls_out(linked);
    keys::keys_are_there(linked, facts);
    keys::secrets_of_mailboxes_are_few(linked);
    keys::certificates_can_be_used(linked, facts);
    keys::tokens_can_be_used(linked, facts);
    keys::pins_keep_the_rules(linked, facts);
    children::children_can_be_made(linked, facts);
    children::kinds_can_be_listed(linked, facts);
    effect::dial_plans_have_policies_and_gateways(linked);
    effect::gateways_serve_a_dial_plan(linked);
    effect::fax_has_a_way(linked);
    effect::default_policies_are_for_few(linked);
    wishes::wishes_can_be_met(linked);
    dependents::errors_reach_what_hangs_on_them(linked);
}

/// For each thing that several claim: who loses it, to whom, and what it is, in the order of the claims.
fn losers<T, K: Ord + Clone>(nodes: &[Node<T>], mut claims: Vec<(K, usize)>) -> Vec<(usize, Arc<str>, K)> {
    let senior = |at: &usize| nodes.get(*at).map(Node::seniority);
    claims.sort_by(|(a, a_at), (b, b_at)| a.cmp(b).then_with(|| senior(a_at).cmp(&senior(b_at))));
    let mut lost = Vec::new();
    for group in claims.chunk_by(|(a, _), (b, _)| a == b) {
        let Some(((_, first), others)) = group.split_first() else { continue };
        let Some(winner) = nodes.get(*first).map(|node| &node.name) else { continue };
        lost.extend(others.iter().map(|(key, at)| (*at, Arc::clone(winner), key.clone())));
    }
    lost
}
