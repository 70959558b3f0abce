//! The server under test, as its users start it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::case::Caller;

/// What the server prints when it is ready to be asked.
const READY: &str = "listening on http://";
/// The server's own defaults.
const NO_SETTINGS: &[(&str, &str)] = &[];
/// What variables with settings begin with.
pub const SETTINGS: &str = "SEPTET_";
/// Milliseconds of a tick, in which Linux tells CPU time to programs.
const MS_PER_TICK: u64 = 10;
/// How long a server may take to start (it hashes the seeds' secrets when the database is new).
const START_MAX: Duration = Duration::from_secs(60);

/// The server binary: `TESTKIT_SERVER`, else the one beside this program.
pub fn binary() -> Result<PathBuf, String> {
    let found = match std::env::var_os("TESTKIT_SERVER") {
        Some(path) => PathBuf::from(path),
        None => {
            let own = std::env::current_exe().map_err(|e| format!("own path: {e}"))?;
            own.with_file_name("septet")
        }
    };
    found.canonicalize().map_err(|e| format!("{}: {e} (build it, or set TESTKIT_SERVER)", found.display()))
}

/// The server's command, without the settings that the shell happens to hold.
fn septet() -> Result<Command, String> {
    let mut command = Command::new(binary()?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with(SETTINGS) {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// A running server. It is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts a server of a contract on a data folder and waits until it listens.
    pub fn start(contract: &Path, data: &Path) -> Result<Self, String> {
        Self::start_with(contract, data, NO_SETTINGS)
    }

    /// Starts a server with settings of its own: variables and their values.
    pub fn start_with(
        contract: &Path,
        data: &Path,
        settings: &[(impl AsRef<OsStr>, impl AsRef<OsStr>)],
    ) -> Result<Self, String> {
        let log = data.with_extension("log");
        let log_file = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let mut child = septet()?
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .arg("serve")
            .arg(contract)
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .map_err(|e| format!("starting the server: {e}"))?;
        match address(&mut child) {
            Ok(address) => Ok(Self { child, address, log }),
            Err(message) => {
                stop(&mut child);
                Err(format!("{message}\n{}", std::fs::read_to_string(&log).unwrap_or_default()))
            }
        }
    }

    /// The URL of its root, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it is still running.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The most memory it has held so far, in KiB.
    pub fn resident_max_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// CPU time that it has used so far, in hundredths of a second.
    pub fn cpu(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).ok()?;
        // The name of the program ends with the last parenthesis (proc_pid_stat(5)): `utime` and `stime` are the twelfth
        // and thirteenth field after it.
        let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap_or_default()).sum();
        Some(Duration::from_millis(ticks * MS_PER_TICK))
    }

    /// Forgets the most memory that it has held: from now on it is told anew.
    pub fn forget_peak(&self) {
        // Where it is not allowed, what was held before counts too.
        let _ = std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5");
    }

    /// The memory that it holds now beside what is in files, in KiB.
    pub fn anonymous_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// SIGKILL: it gets no chance to tidy up.
    pub fn kill(mut self) {
        stop(&mut self.child);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// Ends a child and waits for it; one that has ended already is fine too.
fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads the address from what the server prints, and goes on reading so that it never waits for a reader.
fn address(child: &mut Child) -> Result<SocketAddr, String> {
    let stdout = child.stdout.take().expect("stdout is piped");
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(at) = line.find(READY) {
                // The receiver is gone once it has the address.
                let _ = sender.send(line[at + READY.len()..].trim().trim_end_matches('/').to_owned());
            }
        }
    });
    let text =
        receiver.recv_timeout(START_MAX).map_err(|_| format!("the server did not print `{READY}…`"))?;
    text.parse().map_err(|e| format!("`{text}` is not an address: {e}"))
}

/// Has the server print the protobuf files of a contract.
pub fn export_proto(contract: &Path, to: &Path) -> Result<(), String> {
    let mut command = septet()?;
    command.args(["export", "proto"]).arg(contract).arg("-o").arg(to);
    let output = command.output().map_err(|e| format!("septet export: {e}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("septet export: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Has the server make a token for a caller, by the settings that it is served with; `None` for one without an identity.
pub fn token(
    contract: &Path,
    data: &Path,
    settings: &[(String, String)],
    caller: &Caller,
) -> Result<Option<String>, String> {
    let Some(sub) = &caller.sub else { return Ok(None) };
    let mut command = septet()?;
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command.arg("token").arg("--contract").arg(contract).arg("--data").arg(data).args(["--sub", sub]);
    for role in &caller.roles {
        command.args(["--role", role]);
    }
    for scope in &caller.scopes {
        command.args(["--scope", scope]);
    }
    for (name, value) in &caller.claims {
        command.args(["--claim", &format!("{name}={value}")]);
    }
    let output = command.output().map_err(|e| format!("septet token: {e}"))?;
    if !output.status.success() {
        return Err(format!("septet token: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let token = printed.split_whitespace().last().ok_or("septet token printed nothing")?;
    Ok(Some(token.to_owned()))
}
