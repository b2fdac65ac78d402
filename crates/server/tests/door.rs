//! Connections as strangers make them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::routing::get;
use futures::{StreamExt, stream};
use madang_server::door::Door;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

/// Longer than any test: who waits for it waits in vain.
const NEVER: Duration = Duration::from_secs(3600);

/// A door that gives nobody up.
const CALM: Door = Door { most: 3, head: NEVER, body: NEVER, answer: NEVER, farewell: NEVER };

/// Told when an answer is let go.
struct Told(Arc<Notify>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

async fn open(door: Door) -> (std::net::SocketAddr, tokio::sync::oneshot::Sender<()>) {
    open_slow(door, Arc::default()).await
}

/// With an answer of which a part comes when `go` is told.
async fn open_slow(
    door: Door,
    go: Arc<Notify>,
) -> (std::net::SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let app = Router::new()
        .route("/", get(|| async { "hello" }).post(|body: String| async move { body }))
        .route(
            "/slow",
            get(async |State(go): State<Arc<Notify>>| {
                let waited = stream::once(async move {
                    go.notified().await;
                    Ok::<_, std::io::Error>("slowly")
                });
                Body::from_stream(stream::iter([Ok("said ")]).chain(waited))
            }),
        )
        .route(
            "/endless",
            get(async |State(go): State<Arc<Notify>>| {
                let told = Told(go);
                let endless = stream::repeat_with(move || {
                    let _told = &told;
                    Ok::<_, std::io::Error>(vec![b'x'; 64 << 10])
                });
                Body::from_stream(endless)
            }),
        )
        .with_state(go);
    tokio::spawn(door.serve(listener, app, async move {
        let _ = stopped.await;
    }));
    (address, stop)
}

/// Everything that the other side says until it closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let closed = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    assert!(closed.is_ok(), "it is never closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn http_1_is_spoken_and_http_2_is_not() {
    let (address, _stop) = open(Door { most: 8, ..CALM }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("hello"), "{answer}");

    let mut stream = TcpStream::connect(address).await.unwrap();
    let settings = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    stream.write_all(settings).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer:?}");
}

#[tokio::test]
async fn who_sends_no_head_is_sent_away_and_frees_the_seat() {
    let (address, _stop) = open(Door { most: 2, head: Duration::from_millis(300), ..CALM }).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx-").await.unwrap();
    // There are two seats and both are taken: a third waits until one is free.
    let mut third = TcpStream::connect(address).await.unwrap();
    third.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(rest(&mut third).await.ends_with("hello"));
    assert!(!rest(&mut idle).await.contains("200"));
    assert!(!rest(&mut slow).await.contains("200"));
}

#[tokio::test]
async fn stopping_ends_idle_connections() {
    let (address, stop) = open(Door { most: 8, ..CALM }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    stop.send(()).unwrap();
    assert!(rest(&mut stream).await.ends_with("hello"));
}

#[tokio::test]
async fn who_is_idle_makes_room_and_who_is_answered_is_not_cut_off() {
    let go = Arc::new(Notify::new());
    let (address, _stop) = open_slow(CALM, Arc::clone(&go)).await;
    let mut answered = TcpStream::connect(address).await.unwrap();
    answered.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    answered.read_exact(&mut first).await.unwrap();
    let mut idle = Vec::new();
    for n in 0..20 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        if n % 2 == 0 {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx-").await.unwrap();
        }
        idle.push(stream);
    }
    for _ in 0..3 {
        let mut asks = TcpStream::connect(address).await.unwrap();
        asks.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        assert!(rest(&mut asks).await.ends_with("hello"));
    }
    go.notify_one();
    let mut said = String::new();
    while !said.contains("slowly") {
        let mut bytes = [0; 256];
        let read = timeout(PATIENCE, answered.read(&mut bytes)).await.unwrap().unwrap();
        assert!(read > 0, "cut off after {said:?}");
        said.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
}

/// A request whose answer is the last on its connection, and whether it was answered.
async fn is_answered(address: std::net::SocketAddr) -> bool {
    let mut asks = TcpStream::connect(address).await.unwrap();
    asks.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    rest(&mut asks).await.ends_with("hello")
}

#[tokio::test]
async fn nobody_at_the_door_waits_for_a_farewell() {
    // A seat is had at once, with whoever held it waiting for ever for the end of its head.
    let (address, _stop) = open(Door { most: 16, ..CALM }).await;
    let mut held = Vec::new();
    for n in 0..40 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        if n % 2 == 0 {
            // Of some it is the second one.
            stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
            let mut first = [0; 12];
            timeout(PATIENCE, stream.read_exact(&mut first)).await.unwrap().unwrap();
        }
        stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
        held.push(stream);
    }
    for _ in 0..40 {
        assert!(is_answered(address).await);
    }
}

#[tokio::test]
async fn who_comes_while_all_are_answered_has_the_first_seat_that_falls_quiet() {
    let go = Arc::new(Notify::new());
    let (address, _stop) = open_slow(Door { most: 1, ..CALM }, Arc::clone(&go)).await;
    let mut answered = TcpStream::connect(address).await.unwrap();
    answered.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    answered.read_exact(&mut first).await.unwrap();
    let asks = tokio::spawn(is_answered(address));
    // It stands at the door by now, or comes to it later: either way a seat falls quiet and stays connected.
    tokio::task::yield_now().await;
    go.notify_one();
    assert!(timeout(PATIENCE, asks).await.unwrap().unwrap());
}

/// Everything but its last byte.
const STALLED: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nab";

#[tokio::test]
async fn who_owes_the_rest_of_a_request_makes_room() {
    let (address, _stop) = open(CALM).await;
    let mut stalled = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Who is told to go on has his seat, and is no guest who has asked nothing yet.
        let head =
            b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let mut go_on = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut go_on)).await.unwrap().unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100");
        stream.write_all(b"ab").await.unwrap();
        stalled.push(stream);
    }
    for _ in 0..3 {
        let mut asks = TcpStream::connect(address).await.unwrap();
        asks.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        assert!(rest(&mut asks).await.ends_with("hello"));
    }
}

#[tokio::test]
async fn a_body_of_which_nothing_comes_is_given_up() {
    let body = Duration::from_millis(200);
    let (address, _stop) = open(Door { body, ..CALM }).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(STALLED).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer:?}");
    // Who sends all in the end is answered, however slowly it comes.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(STALLED).await.unwrap();
    stream.write_all(b"c").await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_body_that_drips_is_given_up() {
    let body = Duration::from_secs(1);
    let (address, _stop) = open(Door { body, ..CALM }).await;
    let (mut hears, mut says) = TcpStream::connect(address).await.unwrap().into_split();
    says.write_all(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n").await.unwrap();
    let dripping = async {
        // Never silent for as long as patience lasts.
        while says.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let mut answer = [0; 12];
    tokio::select! {
        () = dripping => {}
        read = timeout(PATIENCE, hears.read_exact(&mut answer)) => {
            assert!(read.is_ok(), "it goes on");
        }
    }
}

/// Who takes nothing of an answer, or drops of it, keeps neither the connection nor what the answer is made of; whoever takes
/// it slowly does.
#[tokio::test]
async fn who_takes_no_answer_is_given_up_and_who_takes_it_slowly_is_not() {
    let gone = Arc::new(Notify::new());
    let answer = Duration::from_millis(600);
    let (address, _stop) = open_slow(Door { most: 8, answer, ..CALM }, Arc::clone(&gone)).await;
    let begin = async || {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        stream
    };
    let _silent = begin().await;
    assert!(timeout(PATIENCE, gone.notified()).await.is_ok(), "it is held for ever");
    let mut dripping = begin().await;
    let drips = async {
        loop {
            if dripping.read_u8().await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        () = drips => {}
        ended = timeout(PATIENCE, gone.notified()) => assert!(ended.is_ok(), "it drips for ever"),
    }
    // Whoever takes as much as any line carries may take his time.
    let mut slow = begin().await;
    let mut piece = vec![0; 1 << 20];
    for _ in 0..30 {
        slow.read_exact(&mut piece).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
