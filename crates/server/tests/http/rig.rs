use madang_document::content::Origin;
use madang_document::locator::Locator;
use madang_document::outcome::Outcome;
use madang_document::principal::Role;

use crate::house::{A, B, House, Paper};
use crate::reply::UPLOAD;

pub(crate) struct Rig {
    pub(crate) house: House,
    pub(crate) admin: String,
    pub(crate) only_a: String,
    pub(crate) only_b: String,
}

pub(crate) async fn rig() -> Rig {
    let house = House::open(UPLOAD, "127.0.0.1:8484".parse().unwrap()).await;
    let admin = house.key("admin", &[Role::Admin], &[]).await;
    let only_a = house.key("onlya", &Role::ALL, &[A]).await;
    let only_b = house.key("onlyb", &Role::ALL, &[B]).await;
    Rig { house, admin, only_a, only_b }
}

pub(crate) fn paper<'a>(agency: &'a str, path: &'a str, title: &'a str, text: &str) -> Paper<'a> {
    Paper {
        agency,
        path,
        title,
        media_type: "application/pdf",
        outcome: Outcome::Ok,
        pieces: vec![(Locator::page(3), text.to_owned())],
        origin: Origin::Native,
        preview: Some(b"\xff\xd8\xff\xd9".to_vec()),
        further: Vec::new(),
        likeness: false,
        annotations: Vec::new(),
        notes: Vec::new(),
        properties: Vec::new(),
    }
}
