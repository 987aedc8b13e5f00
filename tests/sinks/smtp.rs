//! A sink for mail: as much of SMTP as a client needs that hands in one mail.

use super::{Answer, Script, Shown, Stream, gone, until};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub struct Mailed {
    pub from: String,
    pub to: Vec<String>,
    pub tls: bool,
    /// What the client logged in with, as it was sent.
    pub login: Option<String>,
    /// Head and body, with the protocol's doubled dots.
    pub data: String,
}

impl Mailed {
    /// The values of a header of the mail, folded lines joined.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let head = self.data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        let prefix = format!("{}: ", name.to_lowercase());
        head.lines().filter(|line| line.to_lowercase().starts_with(&prefix)).map(|line| line[prefix.len()..].to_owned()).collect()
    }
}

/// How the sink keeps a connection private.
pub enum Privacy {
    None,
    Starttls(Shown),
    Tls(Shown),
}

pub struct SmtpSink {
    pub address: SocketAddr,
    pub mailed: Receiver<Mailed>,
    pub script: Script,
}

impl SmtpSink {
    pub fn start(tokio: &Handle, privacy: Privacy) -> Self {
        let (sender, mailed) = channel();
        let script = Script::default();
        let listener = tokio.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let answers = script.clone();
        let (offered, first) = match privacy {
            Privacy::None => (None, None),
            Privacy::Starttls(shown) => (Some(TlsAcceptor::from(shown.config())), None),
            Privacy::Tls(shown) => (None, Some(TlsAcceptor::from(shown.config()))),
        };
        tokio.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, answers, offered, first) = (sender.clone(), answers.clone(), offered.clone(), first.clone());
                tokio::spawn(async move {
                    let mut stream: Box<dyn Stream> = Box::new(stream);
                    let mut tls = false;
                    if let Some(first) = first {
                        let Ok(private) = first.accept(stream).await else { return };
                        (stream, tls) = (Box::new(private), true);
                    }
                    let _ = say(&mut stream, "220 sink").await;
                    if talk(&mut stream, tls, offered.is_some(), &sender, &answers).await == Some(End::Starttls)
                        && let Some(offered) = offered
                        && let Ok(private) = offered.accept(stream).await
                    {
                        let mut stream: Box<dyn Stream> = Box::new(private);
                        talk(&mut stream, true, false, &sender, &answers).await;
                    }
                });
            }
        });
        Self { address, mailed, script }
    }

    /// What it says to the text of the next mails.
    pub fn answers(&self, words: &[&str]) {
        self.script.lock().unwrap().extend(words.iter().map(|words| Answer::Say((*words).to_owned())));
    }
}

#[derive(PartialEq)]
enum End {
    Starttls,
}

async fn say(stream: &mut Box<dyn Stream>, words: &str) -> std::io::Result<()> {
    stream.write_all(format!("{words}\r\n").as_bytes()).await
}

/// One session; it ends with the connection, or where TLS begins.
async fn talk(stream: &mut Box<dyn Stream>, tls: bool, offers: bool, sender: &Sender<Mailed>, answers: &Script) -> Option<End> {
    let mut mail = Mailed { tls, ..Mailed::default() };
    loop {
        let line = String::from_utf8(until(stream, b"\r\n").await?).ok()?;
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next()?.to_ascii_uppercase();
        let words = match verb.as_str() {
            "EHLO" if offers => "250-sink\r\n250 STARTTLS",
            "EHLO" if tls => "250-sink\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            "EHLO" => "250-sink\r\n250 8BITMIME",
            "STARTTLS" => {
                say(stream, "220 go on").await.ok()?;
                return Some(End::Starttls);
            }
            "AUTH" => {
                mail.login = Some(line["AUTH PLAIN ".len()..].to_owned());
                "235 welcome"
            }
            "MAIL" => {
                mail.from = address(line);
                "250 ok"
            }
            "RCPT" if line.contains("@reject.test") => "550 no such user here",
            "RCPT" => {
                mail.to.push(address(line));
                "250 ok"
            }
            "DATA" => {
                say(stream, "354 go on").await.ok()?;
                mail.data = String::from_utf8(until(stream, b"\r\n.\r\n").await?).ok()?;
                sender.send(mail.clone()).ok()?;
                let answer = answers.lock().unwrap().pop_front();
                match answer.unwrap_or_else(|| Answer::Say("250 taken".into())) {
                    Answer::Say(words) => say(stream, &words).await.ok()?,
                    Answer::Hold => {
                        gone(stream).await;
                        return None;
                    }
                    Answer::Close => return None,
                }
                continue;
            }
            "QUIT" => "221 bye",
            _ => "502 what?",
        };
        say(stream, words).await.ok()?;
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
