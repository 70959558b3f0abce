#![allow(clippy::unwrap_used)]

use super::*;
use std::collections::BTreeSet;

fn load(file: Option<&Path>, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    Config::load(file, variables, &[]).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn of_text(text: &str) -> Result<Config, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).unwrap();
    let folder = format!("{}/", folder.path().display());
    load(Some(&path), &[]).map_err(|lines| lines.iter().map(|line| line.replace(&folder, "")).collect())
}

/// The comment above each key of the reference file ends in the key's variable, and every setting is there.
#[test]
fn the_reference_names_every_setting_and_its_variable() {
    let (mut section, mut comment) = (String::new(), String::new());
    let mut found = BTreeSet::new();
    for line in REFERENCE.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = format!("{}.", name.trim_end_matches(']'));
        } else if line.starts_with('#') {
            comment = line.to_owned();
        } else if let Some((key, _)) = line.split_once(" = ") {
            let path = format!("{section}{key}");
            let setting =
                settings::all().find(|s| s.path == path).unwrap_or_else(|| panic!("{path} is no setting"));
            let told = comment.split_whitespace().last().unwrap();
            assert_eq!(told, setting.variable(), "above {path}");
            found.insert(path);
        }
    }
    let all: BTreeSet<String> = settings::all().map(|s| s.path.to_owned()).collect();
    assert_eq!(found, all);
}

#[test]
fn lines_of_the_reference_are_as_long_as_code() {
    for line in REFERENCE.lines() {
        assert!(line.chars().count() <= 110, "{line}");
    }
}

/// Defaults that a crate states for its own tests are those of the reference.
#[test]
fn defaults_agree() {
    let config = load(None, &[]).unwrap();
    assert_eq!((config.edge, config.compression), (edge::Limits::default(), edge::Compression::On));
    assert_eq!(format!("{:?}", config.engine), format!("{:?}", engine::Settings::default()));
    let decode = wire::DecodeBounds::default();
    let input = (config.api.input_depth_max, config.api.input_values_max);
    assert_eq!(input, (decode.depth_max, decode.values_max));
    assert_eq!(format!("{:?}", config.graphql.settings), format!("{:?}", graphql::Settings::default()));
    assert_eq!(config.listen, ["127.0.0.1:8080".parse().unwrap()]);
    assert_eq!(config.api.base_path, "/api");
    assert!(
        matches!(&config.store.place, store::Place::File(path) if path == Path::new("septet-data/septet.db"))
    );
    assert!(config.identity.development && !config.identity.has_keys());
    assert_eq!(config.metrics_listen, None);
}

#[test]
fn later_layers_win() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.toml");
    std::fs::write(
        &path,
        "data = 'file'\nlisten = ['127.0.0.1:1']\n[limits]\ncalls_per_min = 1_000\nburst_calls = 0x10\n",
    )
    .unwrap();
    let variables = [
        ("SEPTET_LISTEN", "127.0.0.1:2, [::1]:2"),
        ("SEPTET_DATA", "variable"),
        ("HOME", "/"),
        ("SEPTET_EDGE_COMPRESSION", "false"),
    ];
    let variables = variables.map(|(name, value)| (name.to_string(), value.to_string()));
    let arguments = [Argument { option: "--data", path: "data", value: "argument".into() }];
    let config = Config::load(Some(&path), variables.into_iter(), &arguments).unwrap();
    assert_eq!(config.compression, edge::Compression::Off);
    assert_eq!(config.data, Path::new("argument"));
    assert_eq!(config.listen.len(), 2);
    assert_eq!((config.engine.caller_units_per_min, config.engine.burst_units), (1000, 16));
    assert_eq!(config.engine.address_units_per_min, engine::Settings::default().address_units_per_min);
}

/// A text and all that is said of it.
#[test]
fn files_with_mistakes() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        ("limits.calls_per_min = 5\nlog = { level = 'debug' }", &[]),
        (
            "[edge]\nconections_max = 5\nidle_ms = 4",
            &[
                "test.toml:2:1: unknown key `conections_max` in [edge]; did you mean `connections_max`?",
                "test.toml:3:1: unknown key `idle_ms` in [edge]; did you mean `idle_ms_max`?",
            ],
        ),
        ("[limit]\ncalls_per_min = 5", &["test.toml:1:2: unknown key `limit`; did you mean `limits`?"]),
        (
            "[store]\nlevel = 'info'",
            &["test.toml:2:1: unknown key `level` in [store]; `level` is `log.level`"],
        ),
        (
            "durability = 'full'",
            &["test.toml:1:1: unknown key `durability`; `durability` is `store.durability`"],
        ),
        ("xyzzy = 1", &["test.toml:1:1: unknown key `xyzzy`"]),
        ("edge = 5", &["test.toml:1:8: `edge` is a section"]),
        (
            "[edge]\n  idle_ms_max = 'long'\nstreams_max = 0\nheaders_max = -1\nlinger_ms_max = 1.5",
            &[
                "test.toml:2:17: `idle_ms_max` must be an integer from 1 to 3600000, not this text",
                "test.toml:3:15: `streams_max` must be an integer from 1 to 10000, not 0",
                "test.toml:4:15: `headers_max` must be an integer from 1 to 1000, not -1",
                "test.toml:5:17: `linger_ms_max` must be an integer from 1 to 3600000, not 1.5",
            ],
        ),
        (
            "[store]\ndurability = 'fast'\n[identity]\ndevelopment = 'no'\nissuers = [1]\naudience = 'me'",
            &[
                "test.toml:2:14: `durability` must be one of \"full\", \"process\", not this text",
                "test.toml:4:15: `development` must be true or false, not this text",
                "test.toml:5:11: `issuers` must be a list of texts, not a list of other things",
                "test.toml:6:12: `audience` must be a list of texts, not this text",
            ],
        ),
        (
            "listen = ['here']\n[api]\nbase_path = 'api/'\ncors_origins = ['https://a.example/path']",
            &[
                "test.toml:1:10: `listen` must be addresses with a port, such as \"127.0.0.1:8080\"",
                "test.toml:3:13: `base_path` must be a path with a slash before and none after, \
                 such as \"/api\"",
                "test.toml:4:16: `cors_origins` must be origins such as \"https://app.example.com\", \
                 or \"*\"",
            ],
        ),
        (
            "[metrics]\nlisten = '9464'",
            &["test.toml:2:10: `listen` must be an address with a port, such as \"127.0.0.1:9464\""],
        ),
        (
            "[api]\npage_rows_default = 10\npage_rows_max = 5\ndeadline_ms_default = 70000",
            &[
                "configuration: api.page_rows_default is greater than api.page_rows_max",
                "configuration: api.deadline_ms_default is greater than api.deadline_ms_max",
            ],
        ),
        ("[identity]\njwt_secret = 'short'", &["configuration: the JWT secret has 5 bytes, of at least 32"]),
        (
            "[identity]\njwt_secret = '0123456789abcdef0123456789abcdef'\njwt_secret_file = 'x'",
            &["configuration: identity.jwt_secret and identity.jwt_secret_file are both set"],
        ),
        (
            "[identity]\njwt_secret_file = '/nowhere/x'",
            &["/nowhere/x: cannot be read: No such file or directory (os error 2)"],
        ),
        (
            "[identity]\ndevelopment = false",
            &["configuration: no key is set in [identity], and identity.development is false"],
        ),
        (
            "production = true",
            &["configuration: no key is set in [identity], and production takes no development secret"],
        ),
    ];
    for (text, expected) in cases {
        let mut told = of_text(text).err().unwrap_or_default();
        // A table has no order that would mean anything.
        told.sort_by_key(|line| expected.iter().position(|e| e == line));
        assert_eq!(told, *expected, "{text}");
    }
}

#[test]
fn a_broken_file_says_where() {
    for (text, place) in
        [("[edge\n", "test.toml:1:"), ("a = 1\nb = = 2\n", "test.toml:2:"), ("data = 'x\n", "test.toml:1:")]
    {
        let told = of_text(text).unwrap_err();
        assert!(!told.is_empty() && told.iter().all(|line| line.starts_with(place)), "{text:?}: {told:?}");
    }
    let told = of_text("data = 'a'\ndata = 'b'\n").unwrap_err();
    assert!(told[0].starts_with("test.toml:2:1: "), "{told:?}");
    assert_eq!(load(Some(Path::new("/nowhere.toml")), &[]).unwrap_err().len(), 1);
}

#[test]
fn variables_with_mistakes() {
    let told = load(
        None,
        &[
            ("SEPTET_LISTN", "127.0.0.1:1"),
            ("SEPTET_LIMITS_CALLS_PER_MIN", "many"),
            ("SEPTET_STORE_DURABILITY", "FULL"),
            ("SEPTET_IDENTITY_DEVELOPMENT", "yes"),
            ("SEPTET_CONFIG", "septet.toml"),
            ("SEPTET_ZZZ", ""),
        ],
    );
    let expected = [
        "SEPTET_IDENTITY_DEVELOPMENT: must be true or false, not `yes`",
        "SEPTET_LIMITS_CALLS_PER_MIN: must be an integer from 0 to 1000000000, not `many`",
        "SEPTET_LISTN: unknown variable; did you mean SEPTET_LISTEN?",
        "SEPTET_STORE_DURABILITY: must be one of \"full\", \"process\", not `FULL`",
        "SEPTET_ZZZ: unknown variable",
    ];
    assert_eq!(told.unwrap_err(), expected);
}

#[test]
fn a_secret_is_never_shown() {
    let secret = "correct horse battery staple 123";
    let config = load(None, &[("SEPTET_IDENTITY_JWT_SECRET", secret)]).unwrap();
    assert_eq!(config.identity.jwt_secret.as_ref().unwrap().expose(), secret.as_bytes());
    assert!(!format!("{config:?}").contains("horse"));
    assert!(!format!("{:?}", config.identity.keys(Path::new("/nowhere")).unwrap()).contains("horse"));
    let told = of_text(
        "[identity]\njwt_secret = ['correct horse']\nroles_claim = 'correct horse'\nleeway_s = 'horse'",
    );
    assert!(told.unwrap_err().iter().all(|line| !line.contains("horse")));
}

#[test]
fn a_secret_may_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "0123456789abcdef0123456789abcdef\r\n").unwrap();
    let variable = [("SEPTET_IDENTITY_JWT_SECRET_FILE", path.to_str().unwrap())];
    let config = load(None, &variable).unwrap();
    assert_eq!(config.identity.jwt_secret.unwrap().expose(), b"0123456789abcdef0123456789abcdef");
}

#[cfg(unix)]
#[test]
fn the_development_secret_is_made_once_and_only_for_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let identity = load(None, &[]).unwrap().identity;
    // Everybody who comes at the same time gets the same.
    let secrets: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| identity.keys(&data).unwrap().secret.unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(secrets.iter().all(|secret| *secret == secrets[0] && secret.expose().len() == 64));
    let files: Vec<_> = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // With a key, none is made; nor without development.
    let other = folder.path().join("other");
    let configured = load(None, &[("SEPTET_IDENTITY_JWT_SECRET", &"x".repeat(32))]).unwrap().identity;
    assert!(configured.keys(&other).unwrap().secret.is_some() && !other.exists());
}

#[test]
fn key_files_are_read_with_all_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("a.pem");
    std::fs::write(&pem, "a key").unwrap();
    let identity = Identity { public_key_files: vec![pem.clone()], ..Identity::default() };
    let keys = identity.keys(folder.path()).unwrap();
    assert_eq!((keys.pem, keys.secret), (vec![(pem, b"a key".to_vec())], None));
    let missing = ["x.pem", "y.pem"].map(|name| folder.path().join(name)).to_vec();
    let identity =
        Identity { public_key_files: missing, jwks_file: Some("/nowhere".into()), ..Identity::default() };
    assert_eq!(identity.keys(folder.path()).unwrap_err().len(), 3);
}

/// Mutations of the reference, with a fixed seed.
#[test]
fn any_file_is_read_or_complained_about() {
    let mut chance = 0x5eed_u64;
    let mut below = |bound: usize| {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        (chance % bound as u64) as usize
    };
    let keys: Vec<&str> =
        REFERENCE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    for _ in 0..20_000 {
        let lines: Vec<&str> = (0..below(6)).map(|_| keys[below(keys.len())]).collect();
        let mut bytes = lines.join("\n").into_bytes();
        for _ in 0..below(4) {
            let at = below(bytes.len() + 1);
            match below(3) {
                0 => bytes.insert(at, below(256) as u8),
                1 => bytes.truncate(at),
                _ => bytes.splice(at..at, *b"[{\"").for_each(drop),
            }
        }
        fuzz::fuzz_file(&bytes);
    }
    fuzz::fuzz_file("a=".repeat(10_000).as_bytes());
    fuzz::fuzz_file(format!("a={}", "[".repeat(100_000)).as_bytes());
    fuzz::fuzz_file(format!("a={}", "{a=".repeat(100_000)).as_bytes());
    fuzz::fuzz_file(format!("a{}=1", ".a".repeat(100_000)).as_bytes());
}
