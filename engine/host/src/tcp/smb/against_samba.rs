//! Sessions with a real server, in each version and with each signature and cipher, and with somebody in between.

use std::path::PathBuf;

use camroll_servers::{Fetched, Samba, fetched};
use tokio::net::{TcpListener, TcpStream};

use super::seal::{Encryption, Signing};
use super::*;

const ECHO: u16 = 13;

/// Where Samba is, or a line that says why it isn't run.
fn samba() -> Option<PathBuf> {
    match fetched("samba") {
        Fetched::Here(folder) => Some(folder),
        Fetched::Missing(why) => {
            eprintln!("not run: {why}");
            None
        }
    }
}

fn settings(server: &Samba) -> SmbSettings {
    SmbSettings {
        user: server.user().to_owned(),
        domain: None,
        password: "password".to_owned(),
        encrypting: Encrypting::WherePossible,
    }
}

/// A connector's view of a session.
struct Session {
    channel: Channel<TcpStream>,
    agreed: Agreed,
    next: u64,
    tree: u32,
}

async fn sign_in(port: u16, settings: &SmbSettings, password: &str) -> Result<Session, ConnectorError> {
    let peer = Peer {
        host: "127.0.0.1".to_owned(),
        port,
    };
    let wire = TcpStream::connect(("127.0.0.1", port)).await.expect("it listens");
    let password = Secret::new(password.to_owned());
    let mut session = Session {
        channel: Talk::new(&peer, wire).sign_in(settings, &password).await?,
        agreed: Agreed {
            dialect: Dialect::Smb21,
            signing: Signing::HmacSha256,
            encryption: None,
            told: [0; 24],
        },
        next: 0,
        tree: 0,
    };
    let negotiated = session.read().await.expect("the first words");
    session.agreed = Agreed::read(&negotiated).expect("agreed");
    let last = Header::read(&session.read().await.expect("the second words")).expect("a head");
    assert!(last.credits > 0, "there are credits");
    session.next = last.message_id + 1;
    Ok(session)
}

impl Session {
    async fn read(&mut self) -> std::io::Result<Vec<u8>> {
        let length = self.channel.read_u32().await?;
        let mut message = vec![0; length as usize];
        self.channel.read_exact(&mut message).await?;
        Ok(message)
    }

    async fn ask(&mut self, command: u16, body: &[u8]) -> std::io::Result<Header> {
        let mut message = header::request(command, self.next, 1, self.tree, 0);
        self.next += 1;
        message.extend(body);
        self.channel.write_u32(message.len() as u32).await?;
        // In two pieces, as a header and a file's bytes come.
        let (one, other) = message.split_at(33);
        self.channel.write_all(one).await?;
        self.channel.write_all(other).await?;
        self.channel.flush().await?;
        let answer = self.read().await?;
        Ok(Header::read(&answer).expect("a head"))
    }

    /// Connects to the share and asks twice whether the server is there.
    async fn works(&mut self) {
        let path = ntlm::utf16("\\\\127.0.0.1\\photos");
        let mut connect = vec![9, 0, 0, 0, 72, 0];
        connect.extend((path.len() as u16).to_le_bytes());
        connect.extend(path);
        let connected = self.ask(command::TREE_CONNECT, &connect).await.expect("an answer");
        assert_eq!(connected.status, status::OK, "{:#x}", connected.status);
        self.tree = connected.tree_id;
        for _ in 0..2 {
            let echoed = self.ask(ECHO, &[4, 0, 0, 0]).await.expect("an answer");
            assert_eq!(echoed.status, status::OK);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_signs_and_encrypts_as_it_can() {
    let Some(tools) = samba() else { return };
    let encrypted = [
        ("AES-128-GCM", Encryption::Aes128Gcm),
        ("AES-256-GCM", Encryption::Aes256Gcm),
        ("AES-128-CCM", Encryption::Aes128Ccm),
        ("AES-256-CCM", Encryption::Aes256Ccm),
    ];
    let signed = [("AES-128-GMAC", Signing::AesGmac), ("AES-128-CMAC", Signing::AesCmac)];
    let mut all = Vec::new();
    for (name, encryption) in encrypted {
        let lines = vec![format!("server smb3 encryption algorithms = {name}")];
        all.push((lines, Dialect::Smb311, None, Some(encryption)));
    }
    let required = vec!["server smb encrypt = required".to_owned()];
    all.push((required, Dialect::Smb311, None, Some(Encryption::Aes128Gcm)));
    let off = || "server smb encrypt = off".to_owned();
    for (name, signing) in signed {
        let lines = vec![off(), format!("server smb3 signing algorithms = {name}")];
        all.push((lines, Dialect::Smb311, Some(signing), None));
    }
    for (name, dialect) in [("SMB3_02", Dialect::Smb302), ("SMB3_00", Dialect::Smb30)] {
        let lines = vec![format!("server max protocol = {name}")];
        let signed = [lines.clone(), vec![off()]].concat();
        all.push((lines, dialect, None, Some(Encryption::Aes128Ccm)));
        all.push((signed, dialect, Some(Signing::AesCmac), None));
    }
    let old = vec!["server max protocol = SMB2_10".to_owned()];
    all.push((old, Dialect::Smb21, Some(Signing::HmacSha256), None));
    for (lines, dialect, signing, encryption) in all {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let server = Samba::with(&tools, &lines);
        let mut session = sign_in(server.port(), &settings(&server), Samba::PASSWORD)
            .await
            .unwrap_or_else(|error| panic!("{lines:?}: {error}"));
        assert_eq!(
            (session.agreed.dialect, session.agreed.encryption),
            (dialect, encryption)
        );
        assert_eq!(session.channel.encrypts(), encryption.is_some());
        if let Some(signing) = signing {
            assert_eq!(session.agreed.signing, signing);
        }
        session.works().await;
        let strict = SmbSettings {
            encrypting: Encrypting::Always,
            ..settings(&server)
        };
        let refused = sign_in(server.port(), &strict, Samba::PASSWORD).await.err();
        let expected = encryption.is_none().then_some("smb/no-encryption");
        assert_eq!(refused.as_ref().map(|error| error.code.as_str()), expected, "{lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_knows_the_password_signs_in() {
    let Some(tools) = samba() else { return };
    for lines in [
        [].as_slice(),
        &["map to guest = bad password"],
        &["map to guest = bad user"],
    ] {
        let server = Samba::with(&tools, lines);
        for (user, password) in [(server.user(), "wrong horse"), ("nobody-at-all", Samba::PASSWORD)] {
            let settings = SmbSettings {
                user: user.to_owned(),
                ..settings(&server)
            };
            let error = sign_in(server.port(), &settings, password)
                .await
                .err()
                .expect("refused");
            assert_eq!(error.class, ErrorClass::Unauthenticated, "{error}");
            assert!(
                ["smb/not-accepted", "smb/guest"].contains(&error.code.as_str()),
                "{error}"
            );
            assert!(!format!("{error:?}").contains(password), "{error:?}");
        }
    }
}

/// What somebody in between does to the server's nth frame: another byte at a place in it.
#[derive(Clone, Copy)]
struct Altering {
    frame: usize,
    at: usize,
    with: u8,
}

/// Somebody in between; where it listens.
async fn between(server: u16, altering: Altering) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (client, _) = listener.accept().await?;
        let server = TcpStream::connect(("127.0.0.1", server)).await?;
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
        for number in 0.. {
            let length = from_server.read_u32().await?;
            let mut frame = vec![0; length as usize];
            from_server.read_exact(&mut frame).await?;
            if number == altering.frame {
                let at = altering.at.min(frame.len() - 1);
                frame[at] ^= altering.with;
            }
            to_client.write_u32(length).await?;
            to_client.write_all(&frame).await?;
        }
        std::io::Result::Ok(())
    });
    port
}

/// The error of a stream, as a link tells it.
fn told(error: std::io::Error) -> ConnectorError {
    error.downcast().expect("it has one of ours")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_somebody_alters_ends_the_session() {
    let Some(tools) = samba() else { return };
    for (lines, frame) in [
        ([].as_slice(), 4),
        (&["server smb encrypt = off"], 4),
        (&["server smb encrypt = off", "server max protocol = SMB3_02"], 7),
        (&["server max protocol = SMB2_10"], 7),
    ] {
        let server = Samba::with(&tools, lines);
        for at in [14, 30, 66, 70] {
            let port = between(server.port(), Altering { frame, at, with: 1 }).await;
            let mut session = sign_in(port, &settings(&server), Samba::PASSWORD)
                .await
                .expect("signed in");
            // The answer to it is the one before the altered one.
            session.ask(ECHO, &[4, 0, 0, 0]).await.expect("an answer");
            let error = told(session.ask(ECHO, &[4, 0, 0, 0]).await.expect_err("altered"));
            assert_eq!(error.code, "smb/tampered", "{lines:?} {at}: {error}");
            let after = session.ask(ECHO, &[4, 0, 0, 0]).await;
            assert_eq!(told(after.expect_err("ended")).code, error.code, "and it stays ended");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_between_talks_them_into_less() {
    let Some(tools) = samba() else { return };
    let capabilities = LENGTH + 24;
    for lines in [
        [].as_slice(),
        &["server max protocol = SMB3_02"],
        &["server max protocol = SMB3_00"],
    ] {
        let server = Samba::with(&tools, lines);
        // Without encryption, and for 3.1.1 any other byte of the first answer.
        for (at, with) in [(capabilities, 0x40), (LENGTH + 2, 2), (LENGTH + 10, 0xff)] {
            let port = between(server.port(), Altering { frame: 0, at, with }).await;
            let error = sign_in(port, &settings(&server), Samba::PASSWORD).await.err();
            let error = error.unwrap_or_else(|| panic!("{lines:?} {at}: they were talked into it"));
            assert_eq!(error.code, "smb/tampered", "{lines:?} {at}: {error}");
        }
    }
}
