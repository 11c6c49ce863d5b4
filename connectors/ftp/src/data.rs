//! Data connections: one for each file and each listing, to the port that the server names, on the host that is connected to already.

use camroll_connector::errors::error;
use camroll_connector::tcp;
use camroll_connector::types::{Error, ErrorClass};

use crate::failures::{garbled, of_reply};
use crate::passive;
use crate::replies::Reply;
use crate::session::Session;

/// How the server is asked for a port.
#[derive(Clone, Copy, PartialEq)]
pub enum Passive {
    /// EPSV.
    Extended,
    /// PASV, where it hasn't got the other.
    Ordinary,
}

/// Whether data connections are protected.
#[derive(Clone, Copy, PartialEq)]
pub enum Private {
    Yes,
    No,
}

/// Opens a data connection for a command, which begins at an offset of the file. `what` is for people.
pub fn open(session: &mut Session, words: &str, offset: u64, what: &str) -> Result<tcp::Connection, Error> {
    let port = port(session)?;
    let connected = session.control.beside(port).map_err(|why| unreached(why, port));
    let connection = session.sound(connected)?;
    if offset > 0 {
        let reply = session.ask(&format!("REST {offset}"))?;
        if !reply.is_halfway() {
            return Err(of_reply(&reply, what));
        }
    }
    session.send(words)?;
    let reply = session.receive()?;
    match reply.code {
        _ if reply.is_preliminary() => {}
        _ if reply.is_yes() => return session.sound(Err(garbled(what))),
        _ => return Err(of_transfer(session, &reply, what)),
    }
    if session.private == Private::Yes {
        if let Err(why) = connection.start_tls() {
            return Err(reason(session, why, what));
        }
    }
    Ok(connection)
}

/// All was sent or read: what the server says to it. Only a yes makes it a whole.
pub fn close(session: &mut Session, connection: tcp::Connection, what: &str) -> Result<Reply, Error> {
    // vsftpd says nothing before TLS was ended from both sides. What was sent ended with its last byte already.
    drop(connection.shutdown());
    let reply = session.receive_patiently()?;
    if !reply.is_yes() {
        return Err(of_transfer(session, &reply, what));
    }
    if session.private == Private::Yes {
        // TLS 1.3 brings what the next data connection begins with at no certain time: to the end all of it was read. How it ends is no matter any more.
        drop(connection.read(1));
    }
    Ok(reply)
}

/// Why a transfer broke off: the server's own words where it has any. The session is given up.
pub fn reason(session: &mut Session, why: Error, what: &str) -> Error {
    let reply = match why.class {
        ErrorClass::Transient if why.code != "tcp/idle" => session.receive().ok(),
        _ => None,
    };
    session.give_up();
    match reply {
        Some(reply) if !reply.is_yes() && !reply.is_preliminary() => of_transfer(session, &reply, what),
        _ => why,
    }
}

/// A reply that ends a transfer.
fn of_transfer(session: &mut Session, reply: &Reply, what: &str) -> Error {
    match reply.code {
        // Another connection has another TLS session, which the server may know.
        522 => {
            session.give_up();
            error(
                ErrorClass::Transient,
                "ftp/data-protection",
                format!(
                    "The server doesn't accept the data connection's TLS ({what}: 522 {}).",
                    reply.text()
                ),
            )
        }
        _ => of_reply(reply, what),
    }
}

fn port(session: &mut Session) -> Result<u16, Error> {
    if session.passive == Passive::Extended {
        let reply = session.ask("EPSV")?;
        if reply.is_yes() {
            let port = passive::extended(reply.text()).ok_or_else(|| garbled("the port for data"));
            return session.sound(port);
        }
        // Where both are refused, the answer to the older one is told.
        session.passive = Passive::Ordinary;
    }
    let reply = session.done("PASV", "a port for data")?;
    let port = passive::ordinary(reply.text()).ok_or_else(|| garbled("the port for data"));
    session.sound(port)
}

fn unreached(why: Error, port: u16) -> Error {
    match why.code.as_str() {
        "tcp/unreachable" => error(
            ErrorClass::Transient,
            "ftp/no-data-connection",
            format!(
                "The server waits for data at its port {port}, which can't be reached: a firewall or a router before it must let through its passive ports. {}",
                why.message
            ),
        ),
        _ => why,
    }
}
