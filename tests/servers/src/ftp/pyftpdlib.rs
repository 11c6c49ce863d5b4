use std::path::Path;

use super::{Begun, Ftp, PASSWORD, Protection, USER, certificate};
use crate::small_disk::Disk;

/// It has no TLS from the first byte of its own; beginning it before the greeting makes it.
const PROGRAM: &str = r#"
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

port, first, end, protection, certificate, files, user, password, oldest = sys.argv[1:]

class Implicit(TLS_FTPHandler):
    def handle(self):
        self.secure_connection(self.get_ssl_context())
        TLS_FTPHandler.handle(self)

handler = {"none": FTPHandler, "explicit": TLS_FTPHandler, "implicit": Implicit}[protection]
handler.authorizer = DummyAuthorizer()
handler.authorizer.add_user(user, password, files, perm="elradfmwMT")
handler.passive_ports = range(int(first), int(end))
if protection != "none":
    handler.certfile = certificate
    handler.tls_control_required = protection == "explicit"
    handler.tls_data_required = True
    if oldest == "1.3":
        from OpenSSL import SSL
        handler.ssl_options |= SSL.OP_NO_TLSv1 | SSL.OP_NO_TLSv1_1 | SSL.OP_NO_TLSv1_2
server = FTPServer(("127.0.0.1", int(port)), handler)
server.max_cons = 1000
server.serve_forever()
"#;

/// `oldest`: the oldest TLS that it speaks.
pub(super) fn start(tools: &Path, protection: Protection, oldest: &str, disk: Disk) -> Result<Ftp, String> {
    let begun = Begun::new();
    let files = begun.at("files");
    let begun = begun.on(disk, &files)?;
    let program = begun.write("server.py", PROGRAM, 0o644);
    let mut command = begun.program(&tools.join("bin/python3"));
    command
        .arg(program)
        .args([begun.port, begun.beside.start, begun.beside.end].map(|port| port.to_string()))
        .arg(protection.word())
        .arg(certificate::both(begun.folder.path()))
        .arg(&files)
        .args([USER, PASSWORD, oldest]);
    Ok(begun.server(command, protection))
}
