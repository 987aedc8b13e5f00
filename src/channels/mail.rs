//! The `mail` channel: one plain text mail, handed to an SMTP server.
//!
//! The steps of the protocol are taken one by one, so that it is known whether a try that failed may have arrived: only
//! between the end of the text and the server's answer to it.

use super::fault::{Fault, Turning};
use crate::domain::channel::MailSecurity;
use crate::domain::{ChannelKind, Message};
use crate::sources::cause::why;
use crate::sources::secret::Secrets;
use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error as SmtpError, extension::MailParameter};
use secrecy::ExposeSecret;

/// Sends one mail over a connection of its own.
pub(super) async fn send(kind: &ChannelKind, message: &Message, secrets: &Secrets, turning: &Turning) -> Result<(), Fault> {
    let ChannelKind::Mail { server, port, security, username, password, from, to, ca_file } = kind else {
        return Err(Fault::refused("not a mail channel"));
    };
    let (envelope, text) = composed(from, to, message)?;
    let credentials = match (username, password) {
        (Some(user), Some(secret)) => Some(Credentials::new(user.clone(), secrets.fetch(secret).await?.expose_secret().to_owned())),
        _ => None,
    };
    let address = match security {
        MailSecurity::None => loopback(server, *port).await?,
        MailSecurity::Starttls | MailSecurity::Tls => Vec::new(),
    };
    let parameters = match security {
        MailSecurity::None => None,
        MailSecurity::Starttls | MailSecurity::Tls => Some(tls(server, ca_file.as_deref())?),
    };
    let hello = ClientId::Domain("localhost".into());
    let first = parameters.clone().filter(|_| *security == MailSecurity::Tls);
    let connected = match security {
        MailSecurity::None => AsyncSmtpConnection::connect_tokio1(address.as_slice(), None, &hello, first, None).await,
        _ => AsyncSmtpConnection::connect_tokio1((server.as_str(), *port), None, &hello, first, None).await,
    };
    let mut connection = connected.map_err(|error| fault(&error, "connecting"))?;
    if let (MailSecurity::Starttls, Some(parameters)) = (security, parameters) {
        connection.starttls(parameters, &hello).await.map_err(|error| fault(&error, "STARTTLS"))?;
    }
    if let Some(credentials) = credentials {
        connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(|error| fault(&error, "logging in"))?;
    }
    hand_over(&mut connection, &envelope, &text, turning).await?;
    // The server has the mail; how it says goodbye changes nothing.
    let _goodbye = connection.quit().await;
    Ok(())
}

async fn hand_over(connection: &mut AsyncSmtpConnection, envelope: &Envelope, text: &[u8], turning: &Turning) -> Result<(), Fault> {
    let options: Vec<MailParameter> = Vec::new();
    connection.command(Mail::new(envelope.from().cloned(), options)).await.map_err(|error| fault(&error, "the sender"))?;
    for address in envelope.to() {
        let what = format!("the recipient {address}");
        connection.command(Rcpt::new(address.clone(), Vec::new())).await.map_err(|error| fault(&error, &what))?;
    }
    connection.command(Data).await.map_err(|error| fault(&error, "the text"))?;
    turning.pass();
    connection.message(text).await.map(drop).map_err(|error| {
        let is_answer = error.is_transient() || error.is_permanent();
        if is_answer { fault(&error, "the text") } else { Fault::unsure(format!("no answer to the text: {}", why(&error))) }
    })
}

/// Envelope and text. Addresses were checked where they were read; subject and text can hold nothing but themselves.
fn composed(from: &str, to: &[String], message: &Message) -> Result<(Envelope, Vec<u8>), Fault> {
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| Fault::refused(format!("`{text}` is no mail address: {error}")));
    let from = mailbox(from)?;
    let domain = from.email.domain().to_owned();
    let mut mail = lettre::Message::builder()
        .message_id(Some(format!("<dogwatch-{}@{domain}>", message.id)))
        .date(message.at.into())
        .subject(format!("[{}] {}", message.workspace, message.subject))
        .header(ContentType::TEXT_PLAIN)
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()))
        .from(from);
    for address in to {
        mail = mail.to(mailbox(address)?);
    }
    let mail =
        mail.body(message.text.replace('\n', "\r\n")).map_err(|error| Fault::refused(format!("the mail cannot be written: {error}")))?;
    Ok((mail.envelope().clone(), mail.formatted()))
}

/// The addresses of a server, all of which must be this host: in clear a mail goes no further.
async fn loopback(server: &str, port: u16) -> Result<Vec<std::net::SocketAddr>, Fault> {
    let found = tokio::net::lookup_host((server, port)).await.map_err(|error| Fault::not_taken(format!("{server}: {error}")))?;
    let found: Vec<_> = found.collect();
    if found.is_empty() || found.iter().any(|address| !address.ip().is_loopback()) {
        return Err(Fault::refused(format!("{server} is not this host: a mail in clear goes to the loopback only; use starttls or tls")));
    }
    Ok(found)
}

fn tls(server: &str, ca_file: Option<&str>) -> Result<TlsParameters, Fault> {
    let mut builder = TlsParameters::builder(server.to_owned());
    if let Some(path) = ca_file {
        let wrong = |reason: String| Fault::not_taken(format!("the ca_file `{path}` cannot be used: {reason}"));
        let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let certificate = Certificate::from_pem(&text).map_err(|error| wrong(why(&error)))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| Fault::not_taken(format!("no TLS: {}; name an authority with ca_file", why(&error))))
}

/// What a step's failure means: a final no of the server is final.
fn fault(error: &SmtpError, step: &str) -> Fault {
    let words = format!("{step}: {}", why(error));
    if error.is_permanent() { Fault::refused(words) } else { Fault::not_taken(words) }
}
