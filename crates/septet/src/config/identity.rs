//! Which tokens are believed, and the secrets behind it.

use super::{ConfigProblem, Source};
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Bytes of an HS256 secret at the least (RFC 7518 section 3.2).
pub const SECRET_BYTES_MIN: usize = 32;
/// The development secret's name in the data folder.
const DEVELOPMENT_SECRET_FILE: &str = "jwt-secret";
/// Random bytes of a development secret.
const DEVELOPMENT_SECRET_BYTES: usize = 32;
/// Random bytes in the name of a file that is about to be renamed.
const DRAFT_NAME_BYTES: usize = 8;

/// Something that must not be seen. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Keeps a secret.
    pub fn new(bytes: Vec<u8>) -> Self {
        Secret(bytes)
    }

    /// The secret itself.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// A file's content without an end of line at its end, which editors and `echo` leave there.
    fn of_file(path: &Path) -> io::Result<Self> {
        let mut bytes = std::fs::read(path)?;
        while let Some(b'\n' | b'\r') = bytes.last() {
            bytes.pop();
        }
        Ok(Secret(bytes))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which tokens are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// The shared secret, from the setting or from its file.
    pub jwt_secret: Option<Secret>,
    /// The file of the shared secret.
    pub jwt_secret_file: Option<PathBuf>,
    /// PEM files with public keys.
    pub public_key_files: Vec<PathBuf>,
    /// A file with a JSON Web Key Set.
    pub jwks_file: Option<PathBuf>,
    /// One of these must have issued a token, when there are any.
    pub issuers: Vec<String>,
    /// A token must be meant for one of these, when there are any.
    pub audience: Vec<String>,
    /// Seconds that clocks may differ.
    pub leeway_s: u64,
    /// The claim with the caller's roles.
    pub roles_claim: String,
    /// Make a secret in the data folder when no key is configured.
    pub development: bool,
}

/// What tokens are verified with, as it is in the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// The shared secret.
    pub secret: Option<Secret>,
    /// Public keys in PEM, with the file each came from.
    pub pem: Vec<(PathBuf, Vec<u8>)>,
    /// A JSON Web Key Set, with the file it came from.
    pub jwks: Option<(PathBuf, String)>,
}

impl Identity {
    /// Whether any key is configured.
    pub fn has_keys(&self) -> bool {
        self.jwt_secret.is_some() || !self.public_key_files.is_empty() || self.jwks_file.is_some()
    }

    /// Reads the key files; without any configured key, reads or makes the development secret in `data`.
    ///
    /// # Errors
    /// Every file that cannot be read.
    pub fn keys(&self, data: &Path) -> Result<Keys, Vec<ConfigProblem>> {
        self.keys_with(data, made_secret)
    }

    /// The same, but a development secret must be there: one that is made now would be no server's.
    ///
    /// # Errors
    /// As [`Identity::keys`], and a secret that is not there.
    pub fn known_keys(&self, data: &Path) -> Result<Keys, Vec<ConfigProblem>> {
        self.keys_with(data, known_secret)
    }

    fn keys_with(
        &self,
        data: &Path,
        development: fn(&Path) -> io::Result<Secret>,
    ) -> Result<Keys, Vec<ConfigProblem>> {
        let mut problems = Vec::new();
        let mut keys = Keys { secret: self.jwt_secret.clone(), ..Keys::default() };
        for path in &self.public_key_files {
            keys.pem.extend(kept(std::fs::read(path), path, &mut problems).map(|pem| (path.clone(), pem)));
        }
        if let Some(path) = &self.jwks_file {
            let read = kept(std::fs::read_to_string(path), path, &mut problems);
            keys.jwks = read.map(|jwks| (path.clone(), jwks));
        }
        if !self.has_keys() && self.development {
            keys.secret = kept(development(data), &data.join(DEVELOPMENT_SECRET_FILE), &mut problems);
        }
        if problems.is_empty() { Ok(keys) } else { Err(problems) }
    }

    /// Reads the file of the shared secret, if one is named, and checks what is configured as a whole.
    ///
    /// In production the development secret is no key: whoever reads the data folder could sign tokens with it.
    pub(super) fn settle(&mut self, production: bool, problems: &mut Vec<ConfigProblem>) {
        let together = |message: String| ConfigProblem { source: Source::Together, message, help: None };
        let is_twice = self.jwt_secret.is_some() && self.jwt_secret_file.is_some();
        if is_twice {
            problems.push(together("identity.jwt_secret and identity.jwt_secret_file are both set".into()));
        } else if let Some(path) = &self.jwt_secret_file {
            self.jwt_secret = kept(Secret::of_file(path), path, problems);
        }
        if let Some(secret) = &self.jwt_secret
            && secret.expose().len() < SECRET_BYTES_MIN
        {
            let length = secret.expose().len();
            problems
                .push(together(format!("the JWT secret has {length} bytes, of at least {SECRET_BYTES_MIN}")));
        }
        if !self.has_keys() && self.jwt_secret_file.is_none() {
            let why = match (production, self.development) {
                (true, _) => Some("production takes no development secret"),
                (false, false) => Some("identity.development is false"),
                (false, true) => None,
            };
            problems.extend(why.map(|why| together(format!("no key is set in [identity], and {why}"))));
        }
    }
}

fn kept<T>(read: io::Result<T>, path: &Path, problems: &mut Vec<ConfigProblem>) -> Option<T> {
    read.map_err(|error| {
        problems.push(ConfigProblem {
            source: Source::WholeFile(path.to_owned()),
            message: format!("cannot be read: {error}"),
            help: None,
        });
    })
    .ok()
}

/// The secret in the data folder, made when it is not there.
fn made_secret(data: &Path) -> io::Result<Secret> {
    std::fs::create_dir_all(data)?;
    let path = data.join(DEVELOPMENT_SECRET_FILE);
    if !path.exists() {
        make_secret(data, &path)?;
    }
    known_secret(data)
}

/// The secret in the data folder, as a server has made it.
fn known_secret(data: &Path) -> io::Result<Secret> {
    let path = data.join(DEVELOPMENT_SECRET_FILE);
    if !path.exists() {
        let what = "no server has made a secret here: start it once, or name its data folder (--data)";
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    let secret = Secret::of_file(&path)?;
    if secret.expose().len() < SECRET_BYTES_MIN {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is too short; remove it to have a new one made",
        ));
    }
    Ok(secret)
}

/// Written under another name and linked into place: who reads it reads all of it, and of two who make it at
/// the same time the first wins.
fn make_secret(data: &Path, path: &Path) -> io::Result<()> {
    let text = random_text::<DEVELOPMENT_SECRET_BYTES>()?;
    let draft = data.join(format!("{DEVELOPMENT_SECRET_FILE}.{}", random_text::<DRAFT_NAME_BYTES>()?));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&draft).and_then(|mut file| writeln!(file, "{text}"));
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    let _ = std::fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn random_text<const BYTES: usize>() -> io::Result<String> {
    let mut random = [0u8; BYTES];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
