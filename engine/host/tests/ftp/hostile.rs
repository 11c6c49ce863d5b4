//! A server that means harm, or is merely broken: whatever it says, the call ends with words, in time, and nothing is sent where it mustn't be.

use std::sync::{Arc, Mutex};

use camroll_host::Connection;
use camroll_model::{ConnectorError, ErrorClass, Target};
use camroll_servers::ftp::PASSWORD;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::files::{class, file, key, list, put};
use crate::place::connect;

/// What is answered to a command that begins so, instead of what would be right. "{port}" stands for a port where somebody listens who takes all and sends `data`.
#[derive(Clone, Default)]
struct Script {
    answers: Vec<(&'static str, String)>,
    data: Vec<u8>,
}

impl Script {
    fn saying(command: &'static str, answer: impl Into<String>) -> Self {
        Self::default().and(command, answer)
    }

    fn and(mut self, command: &'static str, answer: impl Into<String>) -> Self {
        self.answers.push((command, answer.into()));
        self
    }

    fn sending(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.data = data.into();
        self
    }

    fn answer(&self, line: &str) -> String {
        let scripted = self.answers.iter().find(|(command, _)| line.starts_with(command));
        if let Some((_, answer)) = scripted {
            return answer.clone();
        }
        let word = line.split(' ').next().unwrap_or_default();
        match word {
            "" => "220 ready",
            "USER" => "331 and the password",
            "PASS" => "230 in",
            "FEAT" => "211-Features\r\n MLST type*;size*;modify*;\r\n MFMT\r\n REST STREAM\r\n UTF8\r\n211 End",
            "EPSV" => "229 here (|||{port}|)",
            "PWD" => "257 \"/\" is it",
            "RNFR" | "REST" => "350 and",
            "MLST" => "550 no such thing",
            "STOR" | "RETR" | "MLSD" | "LIST" => "150 now\r\n226 done",
            _ => "250 fine",
        }
        .to_owned()
    }
}

/// It runs until the test ends. What it heard is kept.
struct Hostile {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Hostile {
    async fn start(script: Script) -> Self {
        let data = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let data_port = data.local_addr().expect("its address").port();
        let bytes = script.data.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = data.accept().await {
                let bytes = bytes.clone();
                tokio::spawn(async move {
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.shutdown().await;
                    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                });
            }
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hearing = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, hearing) = (script.clone(), Arc::clone(&hearing));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let mut line = String::new();
                    loop {
                        let answer = script.answer(&line).replace("{port}", &data_port.to_string());
                        if stream.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                            return;
                        }
                        line.clear();
                        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                            return;
                        }
                        line.truncate(line.trim_end_matches(['\r', '\n']).len());
                        hearing.lock().expect("nobody panicked with it").push(line.clone());
                    }
                });
            }
        });
        Self { port, heard }
    }

    fn connect(&self) -> Connection {
        let settings = json!({
            "host": "127.0.0.1", "port": self.port, "user": "alice", "password": "secret:password", "tls": "none",
        });
        connect(settings, PASSWORD).expect("a connection")
    }

    fn heard(&self, word: &str) -> bool {
        let heard = self.heard.lock().expect("nobody panicked with it");
        heard.iter().any(|line| line.starts_with(word))
    }
}

async fn checked(script: Script) -> (ErrorClass, String) {
    let server = Hostile::start(script).await;
    class(server.connect().check().await)
}

async fn put_to(script: Script) -> ConnectorError {
    let server = Hostile::start(script).await;
    let put = put(&server.connect(), file("2024/a.jpg", &key("a")), b"hello").await;
    put.expect_err("it can't be there")
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_that_are_none_end_the_session() {
    let endless = format!("220-{}", "x\r\n".repeat(40_000));
    for (command, answer) in [
        ("", endless.as_str()),
        ("", &"2".repeat(100_000)),
        ("", "HTTP/1.1 400 Bad Request"),
        ("", "SSH-2.0-OpenSSH_9.2"),
        ("USER", "331-and\r\n no end of it\r\n332 other\r\nx y"),
        ("PWD", "257 nowhere"),
        ("PWD", "257 \"relative\""),
        ("FEAT", &"150 soon\r\n".repeat(50)),
    ] {
        let script = if answer.starts_with("331-and") {
            Script::saying(command, format!("{answer}\r\n{}", " more\r\n".repeat(20_000)))
        } else {
            Script::saying(command, answer)
        };
        let (class, code) = checked(script).await;
        assert_eq!(
            (class, code.as_str()),
            (ErrorClass::Unexpected, "ftp/garbled"),
            "{command}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_that_say_no_have_their_class() {
    for (command, answer, expected) in [
        ("", "421 too many", ErrorClass::Transient),
        ("USER", "530 who?", ErrorClass::Unauthenticated),
        ("PASS", "530 no", ErrorClass::Unauthenticated),
        (
            "PASS",
            "530 the maximum number of clients is here already",
            ErrorClass::Transient,
        ),
        ("PASS", "332 and the account", ErrorClass::Unauthenticated),
        ("PASS", "421 gone", ErrorClass::Transient),
        ("TYPE", "504 text only", ErrorClass::Unsupported),
    ] {
        assert_eq!(
            checked(Script::saying(command, answer)).await.0,
            expected,
            "{command} {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_goes_to_no_other_host() {
    // Where it says that data goes, nobody is; where the control connection leads, somebody is.
    let listed = b"type=file;size=3;modify=20200101000000; a.jpg\r\n".to_vec();
    let elsewhere = TcpListener::bind(("127.0.0.2", 0)).await.expect("a port");
    let port = elsewhere.local_addr().expect("its address").port();
    let [high, low] = port.to_be_bytes();
    let script = Script::saying("EPSV", "500 what?")
        .and("PASV", format!("227 there (127,0,0,2,{high},{low})"))
        .sending(listed.clone());
    let server = Hostile::start(script).await;
    let refused = server.connect().list(String::new(), None).await;
    assert_eq!(class(refused).1, "ftp/no-data-connection");
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(1), elsewhere.accept()).await;
    assert!(nobody.is_err(), "it went where the server said");
    // What EPSV names besides the port is nothing to go by either.
    let server = Hostile::start(Script::saying("EPSV", "229 there (|1|127.0.0.2|{port}|)").sending(listed)).await;
    assert_eq!(list(&server.connect()).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_that_are_none() {
    for answer in ["229 here (|||0|)", "229 here", "229 here (|||99999|)"] {
        let server = Hostile::start(Script::saying("EPSV", answer)).await;
        let refused = server.connect().list(String::new(), None).await;
        assert_eq!(class(refused).1, "ftp/garbled", "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_is_not_enough() {
    // It says yes to all of it, and has nothing.
    assert_eq!(put_to(Script::default()).await.class, ErrorClass::Corrupt);
    // It has a part of it, as when the bytes were cut off on their way: another time it may have all.
    let short = "250-of it\r\n type=file;size=4;modify=20200101000000; x\r\n250 end";
    assert_eq!(put_to(Script::saying("MLST", short)).await.class, ErrorClass::Transient);
    let long = "250-of it\r\n type=file;size=6;modify=20200101000000; x\r\n250 end";
    assert_eq!(put_to(Script::saying("MLST", long)).await.class, ErrorClass::Corrupt);
    // It has all of it, and something of the name as well: that is asked by MLST and by RNFR.
    let whole = "250-of it\r\n type=file;size=5;modify=20200101000000; x\r\n250 end";
    assert_eq!(put_to(Script::saying("MLST", whole)).await.class, ErrorClass::Conflict);
    let hidden = Script::saying("MLST /.camroll", whole).and("MLST", "550 you may not look");
    let server = Hostile::start(hidden).await;
    let put = put(&server.connect(), file("2024/a.jpg", &key("a")), b"hello").await;
    assert_eq!(class(put).0, ErrorClass::Conflict);
    assert!(!server.heard("RNTO"), "it was renamed over what can't be seen");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_is_a_quota_and_a_busy_one_is_transient() {
    for (answer, expected) in [
        ("552 full", ErrorClass::Quota),
        ("150 now\r\n452 full", ErrorClass::Quota),
        ("150 now\r\n426 broke", ErrorClass::Transient),
        ("150 now\r\n451 broke", ErrorClass::Transient),
        ("425 nobody came", ErrorClass::Transient),
        ("150 now\r\n550 no", ErrorClass::PermissionDenied),
        ("226 done already", ErrorClass::Unexpected),
    ] {
        assert_eq!(put_to(Script::saying("STOR", answer)).await.class, expected, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_of_garbage() {
    let server = |data: Vec<u8>| Hostile::start(Script::default().sending(data));
    let long = server(vec![b'x'; 1 << 20]).await;
    assert_eq!(class(long.connect().list(String::new(), None).await).1, "ftp/too-long");
    let many = server(b"type=file;size=1; a\r\n".repeat(300_000)).await;
    assert_eq!(class(many.connect().list(String::new(), None).await).1, "ftp/too-long");
    let odd = b"type=file;size=1; ../../etc/passwd\r\ntype=file;size=1; a\0b\r\ntype=dir; ..\r\ntype=dir; .\r\n\r\nrubbish\r\ntype=file;size=1; \xff\r\ntype=file;size=1; ok\r\ntype=file;size=1; ok";
    let listed = list(&server(odd.to_vec()).await.connect()).await;
    let paths: Vec<_> = listed.iter().filter_map(|entry| entry.target.path.as_deref()).collect();
    assert_eq!(paths, ["ok"]);
    let cut = Hostile::start(Script::saying(
        "MLSD",
        "150 now\r\n226-Output truncated to 2 matches\r\n226 done",
    ))
    .await;
    assert_eq!(class(cut.connect().list(String::new(), None).await).1, "ftp/truncated");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_another_one_while_it_is_read() {
    let told = "250-of it\r\n type=file;size=5;modify=20200101000000; x\r\n250 end";
    for (data, expected) in [("hello and more", "ftp/garbled"), ("hell", "tcp/closed")] {
        let server = Hostile::start(Script::saying("MLST", told).sending(data)).await;
        let mut into = camroll_host::memory(1 << 20);
        let read = server.connect().read(Target::at("x"), 0, &mut into).await;
        assert_eq!(class(read).1, expected, "{data}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_never_a_command() {
    let server = Hostile::start(Script::default()).await;
    for path in ["a\r\nDELE /b", "a\nDELE /b", "a\0b"] {
        let looked = server.connect().stat(Target::at(path)).await;
        assert_eq!(class(looked).1, "ftp/bad-name", "{path:?}");
    }
    assert!(!server.heard("DELE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_without_end_are_not_walked_for_ever_in_one_call() {
    // Each folder holds another one. A page ends all the same, and says where it would go on.
    let server = Hostile::start(Script::default().sending(&b"type=dir; deeper\r\n"[..])).await;
    let connection = server.connect();
    let page = tokio::time::timeout(std::time::Duration::from_secs(60), connection.list(String::new(), None));
    let page = page.await.expect("it ends");
    assert!(page.is_err() || page.is_ok_and(|page| page.next.is_some()));
}
