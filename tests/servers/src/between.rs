//! Stands between a client and a server of HTTP/1.1: lets all through as it is, counts it, and meddles where it was told to.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What is done to a request instead of letting it through.
#[derive(Clone, Debug)]
pub enum Act {
    /// It is read to its end and answered with these words: status line without the version, headers, body.
    Answer(String, Vec<(String, String)>, String),
    /// The same before its body is read.
    AnswerAtOnce(String, Vec<(String, String)>, String),
    /// The connection breaks after so many bytes of its body.
    Cut(u64),
    /// The byte at that place of its body is another one when it arrives.
    Flip(u64),
    /// It is read and never answered, until the client goes.
    Hold,
    /// Its body isn't even read, until all is mended: then the connection breaks.
    Stall,
    /// It is done, and the connection breaks before the answer.
    LoseTheAnswer,
    /// It is done, and the headers of its answer whose names begin with these words are left out.
    Withhold(String),
}

/// A request as it came: method and target, and its headers by their names in small letters.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `PUT /photos/a.jpg`
    pub line: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }
}

struct Rule {
    method: String,
    part: String,
    skip: u32,
    times: u32,
    act: Act,
}

/// What the threads of the connections share.
#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    mended: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Seen {
    rules: Vec<Rule>,
    requests: Vec<Asked>,
}

/// Bytes that wait unread on a connection.
const RECEIVED: usize = 256 << 10;

/// It ends with the value that stands for it.
pub struct Between {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Between {
    /// Before a server.
    ///
    /// # Panics
    /// If there is no port on loopback.
    pub fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port on loopback");
        let address = listener.local_addr().expect("its address");
        // Else Linux takes up to 32 MiB on behalf of who doesn't read.
        socket2::SockRef::from(&listener)
            .set_recv_buffer_size(RECEIVED)
            .expect("a buffer's size");
        let shared = Arc::<Shared>::default();
        let known = Arc::downgrade(&shared);
        std::thread::spawn(move || {
            while let (Ok((client, _)), Some(shared)) = (listener.accept(), known.upgrade()) {
                std::thread::spawn(move || {
                    // What breaks here breaks for the client, which is what the tests look at.
                    let _ = pass(&client, server, &shared);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, shared }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Meddles with the next requests of this method whose path and query hold `part`: `skip` are let through, then `times` are met.
    pub fn meddle(&self, method: &str, part: &str, skip: u32, times: u32, act: Act) {
        self.lock().rules.push(Rule {
            method: method.to_owned(),
            part: part.to_owned(),
            skip,
            times,
            act,
        });
    }

    /// Lets all through again.
    pub fn mend(&self) {
        self.lock().rules.clear();
        self.shared.mended.notify_all();
    }

    /// How many requests of this method, whose path and query hold `part`, came so far.
    pub fn count(&self, method: &str, part: &str) -> usize {
        let begin = format!("{method} ");
        let seen = self.lock();
        let fits = |asked: &&Asked| asked.line.starts_with(&begin) && asked.line.contains(part);
        seen.requests.iter().filter(fits).count()
    }

    /// All that came, in order.
    pub fn requests(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// All that came, with the headers.
    pub fn asked(&self) -> Vec<Asked> {
        self.lock().requests.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.shared.lock()
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.mend();
        self.shared = Arc::default();
        // It looks whether it is still wanted when somebody comes.
        let _ = TcpStream::connect(self.address);
    }
}

/// One request and its answer; each connection carries one.
fn pass(client: &TcpStream, server: SocketAddr, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    let mut head = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "\r\n" {
            break;
        }
        if !lower.starts_with("connection:") {
            head.push(line);
        }
    }
    let asked = head.first().cloned().unwrap_or_default();
    let (method, rest) = asked.split_once(' ').unwrap_or_default();
    let target = rest.split(' ').next().unwrap_or_default();
    let act = {
        let mut seen = shared.lock();
        seen.requests.push(Asked {
            line: format!("{method} {target}"),
            headers: head.iter().skip(1).filter_map(|line| header(line)).collect(),
        });
        act(&mut seen.rules, method, target)
    };
    let mut body = reader.by_ref().take(length);
    if let Some(Act::Answer(status, headers, text) | Act::AnswerAtOnce(status, headers, text)) = &act {
        if matches!(act, Some(Act::Answer(..))) {
            io::copy(&mut body, &mut io::sink())?;
        }
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let mut client = client;
        write!(
            client,
            "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        )?;
        // What is left of it, as servers do: else the client may not see the answer.
        return io::copy(&mut body, &mut io::sink()).map(drop);
    }
    if matches!(act, Some(Act::Stall)) {
        let stalled = shared.mended.wait_while(shared.lock(), |seen| !seen.rules.is_empty());
        drop(stalled);
        return client.shutdown(Shutdown::Both);
    }
    if matches!(act, Some(Act::Hold)) {
        return io::copy(&mut reader, &mut io::sink()).map(drop);
    }
    let mut upstream = TcpStream::connect(server)?;
    for line in &head {
        upstream.write_all(line.as_bytes())?;
    }
    upstream.write_all(b"Connection: close\r\n\r\n")?;
    if let Some(Act::Cut(after)) = act {
        io::copy(&mut body.take(after), &mut upstream)?;
        return upstream.shutdown(Shutdown::Both);
    }
    if let Some(Act::Flip(at)) = act {
        io::copy(&mut body.by_ref().take(at), &mut upstream)?;
        let mut byte = [0];
        body.read_exact(&mut byte)?;
        upstream.write_all(&byte.map(|byte| byte ^ 1))?;
    }
    io::copy(&mut body, &mut upstream)?;
    let mut client = client;
    match act {
        Some(Act::LoseTheAnswer) => io::copy(&mut upstream, &mut io::sink()).map(drop),
        Some(Act::Withhold(words)) => {
            let mut answer = BufReader::new(upstream);
            loop {
                let mut line = String::new();
                if answer.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                if !line.to_ascii_lowercase().starts_with(&words) {
                    client.write_all(line.as_bytes())?;
                }
                if line == "\r\n" {
                    return io::copy(&mut answer, &mut client).map(drop);
                }
            }
        }
        _ => io::copy(&mut upstream, &mut client).map(drop),
    }
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_ascii_lowercase(), value.trim().to_owned()))
}

fn act(rules: &mut [Rule], method: &str, target: &str) -> Option<Act> {
    let rule = rules
        .iter_mut()
        .find(|rule| rule.times > 0 && rule.method == method && target.contains(&rule.part))?;
    if rule.skip > 0 {
        rule.skip -= 1;
        return None;
    }
    rule.times -= 1;
    Some(rule.act.clone())
}
