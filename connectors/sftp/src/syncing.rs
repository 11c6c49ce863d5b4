//! A second connection that has a file synced while the first one writes to it: a server works on one connection's requests one after the other, so a sync there
//! would stop the bytes behind it.

use camroll_connector::types::Error;

use crate::failures::garbled;
use crate::packets::{kind, open};
use crate::session::{yes, Session};

/// A file that is being synced.
pub struct Syncing {
    session: Session,
    handle: Vec<u8>,
    /// The request without an answer, and up to where the file had been written before it.
    under_way: Option<(u32, u64)>,
}

impl Syncing {
    /// Opens the file once more. Only to read: what that makes a server do changes nothing.
    pub fn open(path: &str) -> Result<Self, Error> {
        let mut session = Session::fresh()?;
        let packet = session.packet(kind::OPEN).text(path).u32(open::READ).no_attributes();
        let handle = session.open(packet, "a temporary file")?;
        Ok(Self {
            session,
            handle,
            under_way: None,
        })
    }

    /// Asks for a sync, and doesn't wait for it.
    pub fn begin(&mut self, up_to: u64) -> Result<(), Error> {
        let packet = self
            .session
            .packet(kind::EXTENDED)
            .text("fsync@openssh.com")
            .text(&self.handle);
        self.under_way = Some((packet.id(), up_to));
        self.session.send(&packet.finish())
    }

    /// Waits for the sync; up to where the file is safe.
    pub fn synced(&mut self) -> Result<u64, Error> {
        let (id, up_to) = self.under_way.take().ok_or_else(|| garbled("answer to nothing"))?;
        let (answered, reply) = self.session.receive()?;
        if answered != id {
            return Err(garbled("answer to nothing"));
        }
        yes(reply, "writing to disk")?;
        Ok(up_to)
    }
}
