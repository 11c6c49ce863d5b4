use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server's process; killed when dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts it and returns once its port answers.
    ///
    /// # Panics
    /// If it doesn't start, ends, or doesn't answer within two minutes.
    pub fn start(command: &mut Command, port: u16) -> Self {
        Self::launch(command, port).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The same.
    ///
    /// # Errors
    /// If it doesn't start, ends, or doesn't answer within two minutes.
    pub fn launch(command: &mut Command, port: u16) -> Result<Self, String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("{program}: {error}"))?;
        let mut server = Self { child, address };
        let until = Instant::now() + Duration::from_secs(120);
        while TcpStream::connect(address).is_err() {
            if !server.is_running() {
                return Err(format!("{program} ended before it listened"));
            }
            if Instant::now() >= until {
                return Err(format!("{program} doesn't listen at {address}"));
            }
            // The server's own readiness can only be asked for: nothing announces a port that opens.
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether its process still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it at once, as a power cut would.
    ///
    /// # Errors
    /// If the system can't.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// The same with every process that it started.
    ///
    /// # Errors
    /// If the system can't.
    pub fn kill_all(&mut self) -> io::Result<()> {
        let all = descendants(self.id());
        self.kill()?;
        if !all.is_empty() {
            Command::new("kill")
                .arg("-KILL")
                .args(all)
                .stderr(Stdio::null())
                .status()?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}

fn descendants(process: u32) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    children
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .flat_map(|child: u32| {
            let mut all = descendants(child);
            all.push(child.to_string());
            all
        })
        .collect()
}

/// Who runs the tests.
pub(crate) fn who_am_i() -> String {
    let output = Command::new("id").arg("-un").output().expect("id runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
