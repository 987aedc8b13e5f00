//! The channels against real sinks on the loopback: what arrives, what a failure means, and what is never told.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it is surprised")]

mod sinks;

use dogwatch::channels::Courier;
use dogwatch::domain::channel::{MailSecurity, SecretRef, Setting};
use dogwatch::domain::message::Fate;
use dogwatch::domain::{ChannelDefinition, ChannelKind, Message, Point, Report, Severity};
use dogwatch::sources::http_client::install_crypto;
use sinks::{Answer, Authority, BOUND, HttpSink, Privacy, SmtpSink, next, self_signed};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

const CANARY: &str = "canary-7f3a-secret";

/// A courier with what it reports, and a workspace of its own.
struct Office {
    tokio: Runtime,
    courier: Courier,
    reports: mpsc::Receiver<Report>,
    workspace: TempDir,
}

/// How a try ended.
#[derive(Debug, PartialEq)]
enum Ended {
    Taken,
    Not(Fate, String, Option<Duration>),
}

impl Office {
    fn new() -> Self {
        install_crypto();
        let tokio = Runtime::new().unwrap();
        let workspace = tempfile::tempdir().unwrap();
        let (sender, reports) = mpsc::channel(16);
        let courier = Courier::new(workspace.path().to_owned(), sender, tokio.handle().clone());
        Self { tokio, courier, reports, workspace }
    }

    #[track_caller]
    fn send(&mut self, channel: ChannelDefinition, message: &Message) -> Ended {
        self.courier.send(Arc::new(channel), Arc::new(message.clone()));
        self.ended(message)
    }

    #[track_caller]
    fn ended(&mut self, sent: &Message) -> Ended {
        let report = self.tokio.block_on(async { tokio::time::timeout(BOUND, self.reports.recv()).await });
        match report.expect("a report in time").expect("a courier") {
            Report::MessageSent { message } if message == sent.id => Ended::Taken,
            Report::MessageFailed { message, error, fate, retry_after } if message == sent.id => Ended::Not(fate, error, retry_after),
            other => panic!("{other:?}"),
        }
    }

    fn file(&self, name: &str, text: &str, mode: u32) -> String {
        let path = self.workspace.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn message() -> Message {
    Message {
        id: "0123456789abcdef01234567".into(),
        workspace: "shop".into(),
        channel: "ops".into(),
        point: Point::Failed,
        subject: "orders/17 failed: \"load\" naïve ✓".into(),
        text: "first line\n.\n..second $(id) `id` ; rm -rf /\n".into(),
        severity: Severity::High,
        flow: Some("orders".into()),
        run: Some("orders/17".parse().unwrap()),
        step: Some("load".into()),
        date: Some("2026-11-21".parse().unwrap()),
        at: "2026-11-21T02:29:00Z".parse().unwrap(),
        incident: None,
        person: None,
    }
}

fn channel(kind: ChannelKind) -> ChannelDefinition {
    ChannelDefinition { timeout: Duration::from_secs(20), ..ChannelDefinition::new("ops", kind) }
}

fn hook(url: &str) -> ChannelKind {
    ChannelKind::Webhook { url: Setting::Text(url.into()), headers: [].into(), body: None, ca_file: None }
}

fn trusting(url: &str, authority: &Authority) -> ChannelKind {
    ChannelKind::Webhook { url: Setting::Text(url.into()), headers: [].into(), body: None, ca_file: Some(authority.file()) }
}

fn mail(sink: &SmtpSink, security: MailSecurity, authority: Option<&Authority>) -> ChannelKind {
    ChannelKind::Mail {
        server: if security == MailSecurity::None { "127.0.0.1".into() } else { "localhost".into() },
        port: sink.address.port(),
        security,
        username: None,
        password: None,
        from: "dogwatch <dogwatch@example.org>".into(),
        to: vec!["ops@example.org".into(), "lea@example.org".into()],
        ca_file: authority.map(Authority::file),
    }
}

fn command(argv: &[&str]) -> ChannelKind {
    ChannelKind::Command { run: argv.iter().map(|part| (*part).to_owned()).collect(), env: [].into() }
}

fn fate(ended: &Ended) -> (Fate, &str) {
    match ended {
        Ended::Taken => panic!("it was taken"),
        Ended::Not(fate, error, _) => (*fate, error),
    }
}

#[test]
fn a_webhook_gets_json_known_by_its_key() {
    let mut office = Office::new();
    let sink = HttpSink::start(office.tokio.handle(), None);
    assert_eq!(office.send(channel(hook(&sink.url())), &message()), Ended::Taken);
    let posted = next(&sink.posted, "the message");
    assert_eq!(posted.headers["idempotency-key"], message().id.as_str());
    assert_eq!(posted.headers["content-type"], "application/json");
    let json = posted.json();
    assert_eq!((json["subject"].as_str(), json["run"].as_str()), (Some(message().subject.as_str()), Some("orders/17")));
    assert_eq!((json["point"].as_str(), json["severity"].as_str()), (Some("failed"), Some("high")));
}

#[test]
fn a_template_and_secret_headers_reach_the_receiver_and_nobody_else() {
    let mut office = Office::new();
    let sink = HttpSink::start(office.tokio.handle(), None);
    let token = office.file("token", &format!("{CANARY}\n"), 0o600);
    let kind = ChannelKind::Webhook {
        url: Setting::Secret(SecretRef::Command(vec!["printf".into(), "%s".into(), sink.url()])),
        headers: [("X-Token".to_owned(), Setting::Secret(SecretRef::File(token)))].into(),
        body: Some(r#"{"text": "{{subject}}\n{{text}}"}"#.into()),
        ca_file: None,
    };
    // The receiver echoes what it should not.
    sink.script.lock().unwrap().push_back(Answer::Say(format!("HTTP/1.1 401 No\r\ncontent-length: 27\r\n\r\nbad token {CANARY}")));
    let ended = office.send(channel(kind.clone()), &message());
    let (fate, error) = fate(&ended);
    assert_eq!((fate, error), (Fate::Refused, "answered 401 Unauthorized: bad token ***"));
    assert_eq!(office.send(channel(kind), &message()), Ended::Taken);
    next(&sink.posted, "the refused one");
    let posted = next(&sink.posted, "the taken one");
    assert_eq!(posted.headers["x-token"], CANARY);
    assert_eq!(posted.json()["text"], format!("{}\n{}", message().subject, message().text));
}

#[test]
fn what_an_answer_means() {
    let mut office = Office::new();
    let sink = HttpSink::start(office.tokio.handle(), None);
    let table = [
        ("500 Oops", "", Fate::NotTaken, "answered 500 Internal Server Error: why?", None),
        ("503 Busy", "retry-after: 120\r\n", Fate::NotTaken, "answered 503 Service Unavailable: why?", Some(120)),
        ("429 Slow", "retry-after: -1\r\n", Fate::NotTaken, "answered 429 Too Many Requests: why?", None),
        ("404 No", "", Fate::Refused, "answered 404 Not Found: why?", None),
        ("302 There", "location: http://other.example/\r\n", Fate::Refused, "answered 302 Found, a redirect is not followed", None),
    ];
    for (status, headers, fate, error, wait) in table {
        sink.answers(&[status], headers);
        let ended = office.send(channel(hook(&sink.url())), &message());
        assert_eq!(ended, Ended::Not(fate, error.into(), wait.map(Duration::from_secs)), "{status}");
    }
}

#[test]
fn it_is_known_whether_a_lost_request_may_have_arrived() {
    let mut office = Office::new();
    let sink = HttpSink::start(office.tokio.handle(), None);
    sink.script.lock().unwrap().push_back(Answer::Close);
    let ended = office.send(channel(hook(&sink.url())), &message());
    assert_eq!(fate(&ended).0, Fate::Unsure, "{ended:?}");
    sink.script.lock().unwrap().push_back(Answer::Hold);
    let brief = ChannelDefinition { timeout: Duration::from_millis(300), ..channel(hook(&sink.url())) };
    let ended = office.send(brief, &message());
    assert_eq!(fate(&ended), (Fate::Unsure, "no answer within 0.3 s, the message was on its way"));
    // Nobody listens: that is certain.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ended = office.send(channel(hook(&format!("http://{free}/{CANARY}"))), &message());
    assert_eq!(fate(&ended).0, Fate::NotTaken, "{ended:?}");
    assert!(!fate(&ended).1.contains(CANARY), "a path may be secret: {ended:?}");
}

#[test]
fn a_slow_channel_holds_up_no_other() {
    let mut office = Office::new();
    let (slow, quick) = (HttpSink::start(office.tokio.handle(), None), HttpSink::start(office.tokio.handle(), None));
    slow.script.lock().unwrap().push_back(Answer::Hold);
    office.courier.send(Arc::new(channel(hook(&slow.url()))), Arc::new(message()));
    next(&slow.posted, "the slow one");
    let other = Message { id: "other".into(), ..message() };
    assert_eq!(office.send(channel(hook(&quick.url())), &other), Ended::Taken);
}

#[test]
fn no_certificate_is_taken_on_trust() {
    let mut office = Office::new();
    let authority = Authority::new();
    let good = HttpSink::start(office.tokio.handle(), Some(&authority.certificate("localhost", 30)));
    let url = |sink: &HttpSink| format!("https://localhost:{}/", sink.address.port());
    assert_eq!(office.send(channel(trusting(&url(&good), &authority)), &message()), Ended::Taken);
    for (what, shown) in [
        ("expired", authority.certificate("localhost", -2)),
        ("of another host", authority.certificate("other.example", 30)),
        ("signed by itself", self_signed("localhost")),
    ] {
        let sink = HttpSink::start(office.tokio.handle(), Some(&shown));
        let ended = office.send(channel(trusting(&url(&sink), &authority)), &message());
        assert_eq!(fate(&ended).0, Fate::NotTaken, "{what}: {ended:?}");
        assert!(fate(&ended).1.contains("certificate"), "{what}: {ended:?}");
        assert!(sink.posted.try_recv().is_err(), "{what}: it got the message");
        let sink = SmtpSink::start(office.tokio.handle(), Privacy::Starttls(shown));
        let ended = office.send(channel(mail(&sink, MailSecurity::Starttls, Some(&authority))), &message());
        assert_eq!(fate(&ended).0, Fate::NotTaken, "{what}: {ended:?}");
        assert!(sink.mailed.try_recv().is_err(), "{what}: it got the mail");
    }
}

#[test]
fn a_mail_goes_out_as_its_security_says() {
    let mut office = Office::new();
    let authority = Authority::new();
    let shown = || authority.certificate("localhost", 30);
    for (privacy, security) in [
        (Privacy::None, MailSecurity::None),
        (Privacy::Starttls(shown()), MailSecurity::Starttls),
        (Privacy::Tls(shown()), MailSecurity::Tls),
    ] {
        let sink = SmtpSink::start(office.tokio.handle(), privacy);
        let trust = (security != MailSecurity::None).then_some(&authority);
        let mut kind = mail(&sink, security, trust);
        if let (ChannelKind::Mail { username, password, .. }, true) = (&mut kind, trust.is_some()) {
            *username = Some("smtp".into());
            *password = Some(SecretRef::File(office.file("password", CANARY, 0o600)));
        }
        assert_eq!(office.send(channel(kind), &message()), Ended::Taken, "{security:?}");
        let got = next(&sink.mailed, "the mail");
        assert_eq!(got.tls, security != MailSecurity::None);
        assert_eq!(got.login.is_some(), security != MailSecurity::None);
        assert_eq!(got.from, "dogwatch@example.org");
        assert_eq!(got.to, ["ops@example.org", "lea@example.org"]);
        assert_eq!(got.headers("message-id"), [format!("<dogwatch-{}@example.org>", message().id)]);
        assert_eq!(got.headers("auto-submitted"), ["auto-generated"]);
    }
    // A server that does not offer TLS gets nothing.
    let sink = SmtpSink::start(office.tokio.handle(), Privacy::None);
    let ended = office.send(channel(mail(&sink, MailSecurity::Starttls, Some(&authority))), &message());
    assert!(fate(&ended).1.contains("STARTTLS"), "{ended:?}");
    assert!(sink.mailed.try_recv().is_err());
}

#[test]
fn what_an_smtp_answer_means() {
    let mut office = Office::new();
    let sink = SmtpSink::start(office.tokio.handle(), Privacy::None);
    let kind = mail(&sink, MailSecurity::None, None);
    sink.answers(&["451 try again later", "554 not wanted"]);
    let ended = office.send(channel(kind.clone()), &message());
    assert_eq!(fate(&ended).0, Fate::NotTaken, "{ended:?}");
    let ended = office.send(channel(kind.clone()), &message());
    assert_eq!(fate(&ended).0, Fate::Refused, "{ended:?}");
    sink.script.lock().unwrap().push_back(Answer::Close);
    let ended = office.send(channel(kind.clone()), &message());
    assert_eq!(fate(&ended).0, Fate::Unsure, "after the text, before the answer: {ended:?}");
    let rejected = match kind {
        ChannelKind::Mail { server, port, security, from, .. } => ChannelKind::Mail {
            to: vec!["nobody@reject.test".into()],
            username: None,
            password: None,
            ca_file: None,
            server,
            port,
            security,
            from,
        },
        _ => unreachable!(),
    };
    let ended = office.send(channel(rejected), &message());
    assert_eq!(fate(&ended).0, Fate::Refused, "{ended:?}");
    assert!(fate(&ended).1.contains("nobody@reject.test"), "{ended:?}");
}

#[test]
fn a_mail_in_clear_stays_on_this_host() {
    let mut office = Office::new();
    let sink = SmtpSink::start(office.tokio.handle(), Privacy::None);
    let mut kind = mail(&sink, MailSecurity::None, None);
    if let ChannelKind::Mail { server, .. } = &mut kind {
        *server = "192.0.2.1".into();
    }
    let ended = office.send(channel(kind), &message());
    assert_eq!(fate(&ended).0, Fate::Refused);
    assert!(fate(&ended).1.contains("loopback only"), "{ended:?}");
}

#[test]
fn no_text_becomes_a_header_or_ends_a_mail() {
    let mut office = Office::new();
    let sink = SmtpSink::start(office.tokio.handle(), Privacy::None);
    let hostile = Message {
        subject: "x\r\nBcc: all@example.org\r\n\r\nbody".into(),
        text: "a\r\n.\r\nMAIL FROM:<evil@example.org>\r\nBcc: b\n".into(),
        workspace: "w\nX-Evil: 1".into(),
        ..message()
    };
    assert_eq!(office.send(channel(mail(&sink, MailSecurity::None, None)), &hostile), Ended::Taken);
    let got = next(&sink.mailed, "the mail");
    assert_eq!(got.headers("bcc"), [""; 0]);
    assert_eq!(got.headers("x-evil"), [""; 0]);
    assert_eq!(got.headers("subject").len(), 1);
    assert_eq!(got.from, "dogwatch@example.org");
    assert!(sink.mailed.try_recv().is_err(), "one mail only");
}

#[test]
fn a_program_gets_the_message_and_nothing_of_the_daemon() {
    let mut office = Office::new();
    let script = "env > env; cat > input; printf '%s' \"$1\" > argument; exit 0";
    let kind = ChannelKind::Command {
        run: ["sh", "-c", script, "sh", "--fixed"].map(str::to_owned).into(),
        env: [("TOKEN".to_owned(), Setting::Secret(SecretRef::File(office.file("token", CANARY, 0o600))))].into(),
    };
    assert_eq!(office.send(channel(kind), &message()), Ended::Taken);
    let read = |name: &str| std::fs::read_to_string(office.workspace.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("input")).unwrap();
    assert_eq!(json["text"], message().text);
    assert_eq!(read("argument"), "--fixed");
    let env = read("env");
    assert!(env.contains(&format!("DOGWATCH_MESSAGE_SUBJECT={}\n", message().subject)), "{env}");
    assert!(env.contains(&format!("TOKEN={CANARY}\n")));
    assert!(!env.contains("CARGO"), "the daemon's own environment: {env}");
}

#[test]
fn what_the_end_of_a_program_means() {
    let mut office = Office::new();
    let ended = office.send(channel(command(&["sh", "-c", "echo no paper >&2; exit 3"])), &message());
    assert_eq!(fate(&ended), (Fate::NotTaken, "ended with exit status: 3: no paper"));
    let ended = office.send(channel(command(&["no-such-program-here"])), &message());
    assert_eq!(fate(&ended).0, Fate::NotTaken);
    assert!(fate(&ended).1.starts_with("no-such-program-here did not start"), "{ended:?}");
    // What the deadline cuts ends with all that it started, and may have told someone.
    let slow = ["sh", "-c", "sleep 60 & echo $! > pid; mv pid child; wait"];
    let brief = ChannelDefinition { timeout: Duration::from_millis(700), ..channel(command(&slow)) };
    let ended = office.send(brief, &message());
    assert_eq!(fate(&ended).0, Fate::Unsure, "{ended:?}");
    let child = std::fs::read_to_string(office.workspace.path().join("child")).unwrap();
    let gone = || !Path::new("/proc").join(child.trim()).join("status").exists() || zombie(child.trim());
    let began = std::time::Instant::now();
    while !gone() {
        assert!(began.elapsed() < BOUND, "the grandchild {child} lives on");
        std::thread::park_timeout(Duration::from_millis(10));
    }
    // One that leaves a child with its standard error is not waited for.
    assert_eq!(office.send(channel(command(&["sh", "-c", "sleep 5 & exit 0"])), &message()), Ended::Taken);
}

fn zombie(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| status.contains("State:\tZ"))
}

#[test]
fn a_secret_that_is_not_safe_is_not_used() {
    let mut office = Office::new();
    let sink = HttpSink::start(office.tokio.handle(), None);
    let open = office.file("open", CANARY, 0o644);
    let with = |secret: SecretRef| ChannelKind::Webhook {
        url: Setting::Text(sink.url()),
        headers: [("x-token".to_owned(), Setting::Secret(secret))].into(),
        body: None,
        ca_file: None,
    };
    for (secret, words) in [
        (SecretRef::File(open), "can be read by others: chmod 600"),
        (SecretRef::File("/nowhere/at/all".into()), "cannot be read"),
        (SecretRef::Env("DOGWATCH_TEST_ABSENT".into()), "no variable DOGWATCH_TEST_ABSENT"),
        (SecretRef::Command(vec!["false".into()]), "ended with exit status: 1"),
        (SecretRef::Command(vec!["true".into()]), "is empty"),
    ] {
        let ended = office.send(channel(with(secret)), &message());
        assert_eq!(fate(&ended).0, Fate::NotTaken);
        assert!(fate(&ended).1.contains(words), "{ended:?}");
    }
    assert!(sink.posted.try_recv().is_err(), "it was sent without its secret");
}
