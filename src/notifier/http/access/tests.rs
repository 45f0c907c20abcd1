#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;

const TOKEN: &str = "of voicemail";
const OTHER: &str = "of another dial plan";

fn authority(name: &str) -> AuthorityId {
    AuthorityId::of(name.as_bytes())
}

fn client(name: &str, token: Option<&str>, scopes: &[Scope]) -> Client {
    Client {
        name: name.to_owned(),
        token: token.map(|token| Token::of(token.as_bytes())),
        scopes: scopes.to_vec(),
    }
}

fn clients(token: &str, scopes: &[Scope]) -> Callers {
    Callers::Clients(vec![client("broken", None, &Scope::ALL), client("voicemail", Some(token), scopes)])
}

fn access(callers: Callers, way: Way) -> Access {
    Access { callers, way }
}

fn caller(token: Option<&str>) -> Caller<'static> {
    let token = token.map(|token| Token::of(token.as_bytes()));
    Caller { is_local: false, secured: false, authorities: &[], token }
}

/// Alone in the process, and asked for itself.
fn alone(access: &Access, caller: &Caller<'_>, scope: Scope) -> Result<Option<String>, Refusal> {
    decide(&Place::Plans(vec![access]), std::iter::once(access), caller, scope)
        .map(|name| name.map(ToOwned::to_owned))
}

#[test]
fn without_clients_everybody_on_this_machine_may_do_everything_and_nobody_else_anything() {
    let open = Access::default();
    for scope in Scope::ALL {
        for token in [None, Some(TOKEN)] {
            let local = Caller { is_local: true, ..caller(token) };
            assert_eq!(alone(&open, &local, scope), Ok(None));
            assert_eq!(alone(&open, &caller(token), scope), Err(Refusal::NotLocal));
        }
    }
}

#[test]
fn with_clients_everybody_needs_a_token_and_each_scope_is_given_by_itself() {
    for is_local in [false, true] {
        let with = |token| Caller { is_local, ..caller(token) };
        for given in Scope::ALL {
            let guarded = access(clients(TOKEN, &[given]), Way::Any);
            for asked in Scope::ALL {
                let wanted = if asked == given {
                    Ok(Some("voicemail".to_owned()))
                } else {
                    Err(Refusal::NoScope("voicemail".to_owned(), asked))
                };
                assert_eq!(alone(&guarded, &with(Some(TOKEN)), asked), wanted);
                assert_eq!(alone(&guarded, &with(None), asked), Err(Refusal::NoToken));
                for wrong in ["", OTHER, "of voicemai", "of voicemail "] {
                    assert_eq!(alone(&guarded, &with(Some(wrong)), asked), Err(Refusal::UnknownToken));
                }
            }
        }
    }
}

#[test]
fn a_list_of_clients_of_whom_none_can_sign_in_serves_nobody() {
    for callers in [Callers::Clients(Vec::new()), Callers::Clients(vec![client("broken", None, &Scope::ALL)])]
    {
        let guarded = access(callers, Way::Any);
        let local = Caller { is_local: true, ..caller(None) };
        assert_eq!(alone(&guarded, &local, Scope::Messages), Err(Refusal::NoToken));
        assert_eq!(alone(&guarded, &caller(Some("")), Scope::Messages), Err(Refusal::UnknownToken));
    }
}

#[test]
fn where_tls_is_wanted_nothing_is_served_in_plain_text_not_even_on_this_machine() {
    let token = caller(Some(TOKEN));
    for callers in [Callers::Loopback, clients(TOKEN, &Scope::ALL)] {
        let (ours, theirs) = ([authority("ours")], [authority("theirs")]);
        let plain = Caller { is_local: true, ..token.clone() };
        let secured = Caller { secured: true, ..plain.clone() };
        let certified = Caller { authorities: &ours, ..secured.clone() };
        let of_others = Caller { authorities: &theirs, ..secured.clone() };
        let tls = access(callers.clone(), Way::Tls(None));
        let mutual = access(callers.clone(), Way::Tls(Some(authority("ours"))));
        let closed = access(callers, Way::Closed);
        let answer = |access: &Access, caller: &Caller<'_>| alone(access, caller, Scope::Messages).err();
        assert_eq!(answer(&tls, &plain), Some(Refusal::PlainHTTP));
        assert_eq!(answer(&mutual, &plain), Some(Refusal::PlainHTTP));
        assert_eq!(answer(&tls, &secured), None);
        assert_eq!(answer(&mutual, &secured), Some(Refusal::NoCertificate));
        assert_eq!(answer(&mutual, &of_others), Some(Refusal::NoCertificate));
        assert_eq!(answer(&mutual, &certified), None);
        for any in [&plain, &secured, &certified] {
            assert_eq!(answer(&closed, any), Some(Refusal::Closed));
        }
    }
}

#[test]
fn the_token_of_one_dial_plan_opens_no_other_and_lets_hear_what_is_not_there() {
    let (one, two) =
        (access(clients(TOKEN, &[Scope::Messages]), Way::Any), access(clients(OTHER, &Scope::ALL), Way::Any));
    let all = || [&one, &two].into_iter();
    let at = |place: Place<'_>, scope| {
        decide(&place, all(), &caller(Some(TOKEN)), scope).map(|name| name.map(ToOwned::to_owned))
    };
    let me = || Some("voicemail".to_owned());
    assert_eq!(at(Place::Plans(vec![&one]), Scope::Messages), Ok(me()));
    assert_eq!(at(Place::Plans(vec![&two]), Scope::Messages), Err(Refusal::UnknownToken));
    assert_eq!(at(Place::Plans(vec![&one, &two]), Scope::Messages), Err(Refusal::UnknownToken));
    assert_eq!(at(Place::Unknown(vec![&two, &one]), Scope::Messages), Ok(me()));
    let no_scope = Err(Refusal::NoScope("voicemail".to_owned(), Scope::Pin));
    assert_eq!(at(Place::Unknown(vec![&two, &one]), Scope::Pin), no_scope);
    // Another namespace.
    assert_eq!(at(Place::Unknown(vec![&two]), Scope::Messages), Err(Refusal::UnknownToken));
    assert_eq!(at(Place::Unknown(Vec::new()), Scope::Messages), Err(Refusal::UnknownToken));
}

#[test]
fn what_is_not_there_is_told_to_those_who_are_served_everywhere() {
    let open = Access::default();
    let guarded = access(clients(TOKEN, &Scope::ALL), Way::Any);
    let local = Caller { is_local: true, ..caller(None) };
    let nothing = |all: &[&Access], caller: &Caller<'_>| {
        decide(&Place::Unknown(all.to_vec()), all.iter().copied(), caller, Scope::Messages).err()
    };
    assert_eq!(nothing(&[], &local), None);
    assert_eq!(nothing(&[], &caller(None)), Some(Refusal::NotLocal));
    assert_eq!(nothing(&[&open], &local), None);
    assert_eq!(nothing(&[&open, &guarded], &local), Some(Refusal::NoToken));
}

/// Every mixture of dial plans in one process.
fn mixtures() -> Vec<Vec<Access>> {
    let callers = || [Callers::Loopback, clients(OTHER, &Scope::ALL)];
    let ways = || [Way::Any, Way::Tls(None), Way::Tls(Some(authority("ours"))), Way::Closed];
    let kinds: Vec<Access> =
        callers().into_iter().flat_map(|callers| ways().map(|way| access(callers.clone(), way))).collect();
    let mut mixtures = vec![Vec::new()];
    for one in &kinds {
        mixtures.push(vec![one.clone()]);
        for two in &kinds {
            mixtures.push(vec![one.clone(), two.clone()]);
            mixtures.extend(kinds.iter().map(|three| vec![one.clone(), two.clone(), three.clone()]));
        }
    }
    mixtures
}

#[test]
fn nobody_without_a_token_can_tell_a_dial_plan_that_refuses_it_from_nothing_at_all() {
    let ours = [authority("ours")];
    let mut seen = 0;
    for all in mixtures() {
        for (is_local, secured, certified, token) in
            (0..16).map(|n| (n & 1 == 1, n & 2 == 2, n & 4 == 4, (n & 8 == 8).then_some("guessed")))
        {
            let authorities: &[AuthorityId] = if secured && certified { &ours } else { &[] };
            let stranger = Caller { is_local, secured, authorities, ..caller(token) };
            let at = |place: Place<'_>| decide(&place, all.iter(), &stranger, Scope::Messages).err();
            let unknown = at(Place::Unknown(all.iter().collect()));
            assert_eq!(unknown, at(Place::Unknown(Vec::new())), "another namespace: {all:?} {stranger:?}");
            for one in &all {
                let refused = at(Place::Plans(vec![one]));
                seen += usize::from(refused.is_some());
                assert!(refused.is_none() || refused == unknown, "{one:?} of {all:?} {stranger:?}");
            }
        }
    }
    assert!(seen > 1000, "strangers are refused: {seen}");
}

#[test]
fn tokens_are_told_apart_and_show_nowhere() {
    assert!(Token::of(b"a").is(&Token::of(b"a")) && !Token::of(b"a").is(&Token::of(b"b")));
    assert_eq!(
        format!("{:?}", client("voicemail", Some("hush"), &[])),
        "Client { name: \"voicemail\", token: Some(Token(…)), scopes: [] }"
    );
}
