use axum::body::Body;
use futures::StreamExt;
use madang_ledger::keys::Keys;
use madang_server::routes::app;
use madang_wait::in_time;
use tower::ServiceExt;

use crate::house::A;
use crate::reply::{get, request, send};
use crate::rig::{Rig, paper, rig};

#[tokio::test]
async fn listeners_get_the_state_at_once() {
    let Rig { house, only_a, .. } = rig().await;
    let bearer = format!("Bearer {only_a}");
    let listen =
        request("GET", "/v1/events", &[("authorization", &bearer), ("last-event-id", "0")]);
    house.take(&paper(A, "1741000/a.pdf", "문서", "침수")).await;
    let response = app(house.server.clone()).oneshot(listen).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = response.into_body().into_data_stream();
    let missed = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(missed.contains("event: changes"), "{missed}");
    let state = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(state.contains("event: state") && state.contains("\"received\":1"), "{state}");
    assert!(!state.contains("press-6110000"));
    house.server.close();
    assert!(events.next().await.is_none(), "closing ends the stream");
    assert_eq!(get(&house, &only_a, "/readyz").await.status, 503);
}

#[tokio::test]
async fn an_id_ahead_of_ours_does_not_silence_a_listener() {
    let Rig { house, only_a, .. } = rig().await;
    let bearer = format!("Bearer {only_a}");
    // From a data folder that was since put back to an older copy.
    let listen =
        request("GET", "/v1/events", &[("authorization", &bearer), ("last-event-id", "999999")]);
    let response = app(house.server.clone()).oneshot(listen).await.unwrap();
    let mut events = response.into_body().into_data_stream();
    let state = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(state.contains("event: state"), "{state}");
    house.take(&paper(A, "1741000/a.pdf", "문서", "침수")).await;
    let mut told = String::new();
    let told_of_change = async {
        while !told.contains("event: changes") {
            let event = events.next().await.unwrap().unwrap();
            told.push_str(&String::from_utf8_lossy(&event));
        }
    };
    in_time("a change is told", told_of_change).await;
}

#[tokio::test]
async fn a_stream_ends_with_the_key_or_the_session_that_opened_it() {
    let Rig { house, admin, only_a, .. } = rig().await;
    let mut form = request("POST", "/sign-in", &[("sec-fetch-site", "same-origin")]);
    *form.body_mut() = Body::from(format!("key={admin}&next=%2F"));
    let cookie = send(&house, form).await.header("set-cookie").to_owned();
    let cookie = cookie.split(';').next().unwrap();
    let bearer = format!("Bearer {only_a}");
    let mut streams = Vec::new();
    for header in [("authorization", &*bearer), ("cookie", cookie)] {
        let response = app(house.server.clone()).oneshot(request("GET", "/v1/events", &[header]));
        let mut events = response.await.unwrap().into_body().into_data_stream();
        let state = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
        assert!(state.contains("event: state"), "{state}");
        streams.push(events);
    }
    let keys = house.ledger.keys().await.unwrap();
    let key = keys.iter().find(|key| key.name == "onlya").unwrap();
    house.ledger.revoke_key(key.id, "test").await.unwrap();
    let form = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
    assert_eq!(send(&house, request("POST", "/sign-out", &form)).await.status, 303);
    house.take(&paper(A, "1741000/a.pdf", "문서", "침수")).await;
    for mut events in streams {
        let end = async {
            while let Some(event) = events.next().await {
                let event = event.unwrap();
                let told = String::from_utf8_lossy(&event);
                assert!(!told.contains("event:"), "told after the end: {told}");
            }
        };
        in_time("the stream ends", end).await;
    }
}
