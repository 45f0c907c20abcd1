//! Peers that no real program plays: ones that say nothing, and a telephone system that asks for a password.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a peer looks whether its test is over.
const TICK: Duration = Duration::from_millis(20);

/// A request as a peer sees it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The port that it came from.
    pub from: u16,
    pub method: String,
    pub uri: String,
    pub head: String,
}

impl Heard {
    fn read(bytes: &[u8], from: u16) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, _) = text.split_once("\r\n\r\n")?;
        let mut words = head.split(' ');
        let (method, uri) = (words.next()?.to_owned(), words.next()?.to_owned());
        Some(Self { from, method, uri, head: head.to_owned() })
    }

    /// A header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The parameters of its Authorization or Proxy-Authorization, without quotes.
    pub fn authorization(&self) -> Option<BTreeMap<String, String>> {
        let field = self.header("Authorization").or(self.header("Proxy-Authorization"))?;
        let fields = field.strip_prefix("Digest ")?;
        let pairs = fields.split(',').filter_map(|field| field.trim().split_once('='));
        Some(pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect())
    }
}

/// What a scripted peer answers: a status line and more header lines.
pub type Answers = Box<dyn FnMut(&Heard) -> (&'static str, Vec<String>) + Send>;

/// A thread that ends with the test.
struct Background {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Calls `turn` again and again.
    fn start(mut turn: impl FnMut() + Send + 'static) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let work = move || {
            while !seen.load(Ordering::Relaxed) {
                turn();
            }
        };
        Self { over, thread: Some(std::thread::spawn(work)) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // A thread that failed has said so itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A telephone system over UDP that answers as a test says; OPTIONS is answered 200.
pub struct Scripted {
    pub port: u16,
    heard: Arc<Mutex<Vec<Heard>>>,
    _background: Background,
}

impl Scripted {
    pub fn start(answers: Answers) -> Self {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), answers)
    }

    /// The same at an address of this machine.
    pub fn start_at(address: IpAddr, mut answers: Answers) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        socket.set_read_timeout(Some(TICK)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        let turn = move || {
            let mut buffer = [0; 4096];
            let Ok((length, from)) = socket.recv_from(&mut buffer) else { return };
            let Some(request) = Heard::read(&buffer[..length], from.port()) else { return };
            let is_notify = request.method == "NOTIFY";
            let (status, more) = if is_notify { answers(&request) } else { ("200 OK", Vec::new()) };
            let mut answer = format!("SIP/2.0 {status}\r\n");
            for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
                let tag = if name == "To" { ";tag=scripted" } else { "" };
                answer.push_str(&format!("{name}: {}{tag}\r\n", request.header(name).unwrap_or_default()));
            }
            more.iter().for_each(|line| answer.push_str(&format!("{line}\r\n")));
            answer.push_str("Content-Length: 0\r\n\r\n");
            if is_notify {
                kept.lock().unwrap().push(request);
            }
            socket.send_to(answer.as_bytes(), from).unwrap();
        };
        Self { port, heard, _background: Background::start(turn) }
    }

    /// Every NOTIFY so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

/// A UDP socket that takes everything and says nothing.
pub struct Swallow(UdpSocket);

impl Swallow {
    pub fn start() -> Self {
        Self(UdpSocket::bind("127.0.0.1:0").unwrap())
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }
}

/// A TCP listener that accepts, reads and says nothing.
pub struct Silent {
    pub port: u16,
    read: Arc<Mutex<Vec<u8>>>,
    _background: Background,
}

impl Silent {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let read = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&read);
        let mut streams: Vec<TcpStream> = Vec::new();
        let turn = move || {
            if let Ok((stream, _)) = listener.accept() {
                stream.set_nonblocking(true).unwrap();
                streams.push(stream);
            }
            let mut buffer = [0; 4096];
            for stream in &mut streams {
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    kept.lock().unwrap().extend_from_slice(&buffer[..length]);
                }
            }
            std::thread::sleep(TICK);
        };
        Self { port, read, _background: Background::start(turn) }
    }

    /// All bytes that came.
    pub fn read(&self) -> Vec<u8> {
        self.read.lock().unwrap().clone()
    }
}
