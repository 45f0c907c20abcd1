//! What bounds connections, whatever is spoken over them: how many peers may hold open, and how long one that is dead is waited for.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;

/// How long what was sent may stay unacknowledged by the peer's machine, or untaken by its program, before the connection is taken
/// for dead.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// The places of the connections that peers open.
#[derive(Debug)]
pub struct Seats {
    /// All of them.
    capacity: usize,
    /// Those that one address may have.
    each: usize,
    /// How many each address has.
    held: Mutex<BTreeMap<IpAddr, usize>>,
}

/// One connection's place; given back when dropped.
pub struct Seat {
    seats: Arc<Seats>,
    address: IpAddr,
}

impl Seats {
    /// `capacity` places, of which one address may have `each`.
    #[must_use]
    pub const fn new(capacity: usize, each: usize) -> Self {
        Self { capacity, each, held: Mutex::new(BTreeMap::new()) }
    }

    /// A place, if one is free for that address.
    #[must_use]
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let address = address.to_canonical();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let total: usize = held.values().sum();
        if total >= self.capacity || held.get(&address).is_some_and(|count| *count >= self.each) {
            return None;
        }
        *held.entry(address).or_default() += 1;
        Some(Seat { seats: Arc::clone(self), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.seats.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// Small messages leave at once, and a peer that lost its power, or does not read, is noticed.
///
/// # Errors
/// The system refuses.
pub fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn places_are_given_to_each_address_until_it_has_its_share_or_none_is_left_and_come_back() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let seats = Arc::new(Seats::new(3, 2));
        let first = seats.take(address("192.0.2.1"));
        let mapped = seats.take(address("::ffff:192.0.2.1"));
        assert!(first.is_some() && mapped.is_some());
        assert!(
            seats.take(address("192.0.2.1")).is_none(),
            "it has its share, however its address is written"
        );
        let other = seats.take(address("192.0.2.2"));
        assert!(other.is_some());
        assert!(seats.take(address("192.0.2.3")).is_none(), "none is left");
        drop((first, other));
        assert!(seats.take(address("192.0.2.1")).is_some());
        drop(mapped);
        assert!(seats.held.lock().unwrap().is_empty(), "nothing is kept of those that left");
    }
}
