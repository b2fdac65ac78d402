//! Serves a house with a few documents in a temporary folder, to look at the pages:
//! `cargo run -p madang-server --example demo -- 127.0.0.1:8485`. Prints a key and some sign-in links.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

#[path = "../tests/house/mod.rs"]
mod house;

use house::{A, B, House, Paper};
use madang_document::content::Origin;
use madang_document::locator::Locator;
use madang_document::outcome::Outcome;
use madang_document::principal::{Principal, Role};

#[tokio::main]
async fn main() {
    let listen = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8485".into());
    let house = House::open(1 << 30, listen.parse().unwrap()).await;
    let jpeg = std::env::args().nth(2).map(|path| std::fs::read(path).unwrap());
    let page = |n, text: &str| (Locator::page(n), text.to_owned());
    let time = |start_ms, text: &str| {
        (Locator::Time { start_ms, end_ms: start_ms + 3000 }, text.to_owned())
    };
    let cell =
        |row, text: &str| (Locator::Cell { sheet: "예산".into(), row, column: 2 }, text.to_owned());
    let papers = [
        (
            A,
            "1741000/press/2026/도로 침수 안전점검 결과 보고서.hwp",
            "도로 침수 안전점검 결과 보고서",
            "application/x-hwp",
            Outcome::Ok,
            vec![
                page(
                    1,
                    "재난안전 대책 본부는 2026년 여름철 집중호우에 대비하여 전국 지하차도 430개소의 침수 안전점검을 마쳤다.",
                ),
                page(
                    2,
                    "점검 결과 배수 펌프 12개소가 기준에 미달하였고, 이 가운데 7개소는 즉시 교체하였다.\n나머지 5개소는 연말까지 보강한다.",
                ),
                page(3, "붙임 1. 지하차도별 점검표\n붙임 2. 침수 이력과 통제 기준"),
            ],
            true,
        ),
        (
            A,
            "1741000/press/2026/침수 대응 예산.xlsx",
            "침수 대응 예산",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Outcome::Partial,
            vec![
                cell(4, "배수 펌프 교체\t1,250,000,000원"),
                cell(5, "침수 감지 센서\t430,000,000원"),
            ],
            false,
        ),
        (
            B,
            "6110000/cctv/강남역 침수 현장.mp4",
            "강남역 침수 현장",
            "video/mp4",
            Outcome::Ok,
            vec![
                time(12_500, "지금 강남역 사거리가 침수되어 차량을 통제하고 있습니다."),
                time(75_000, "안전한 곳으로 이동하시기 바랍니다."),
            ],
            true,
        ),
        (
            A,
            "1741000/press/<script>alert(1)</script>.pdf",
            "<script>alert(1)</script> & \"침수\"",
            "application/pdf",
            Outcome::Ok,
            vec![page(1, "<b>침수</b> 대책 & 점검")],
            false,
        ),
        (
            A,
            "1741000/press/깨진 파일.pdf",
            "깨진 파일.pdf",
            "application/pdf",
            Outcome::Corrupt,
            vec![],
            false,
        ),
        (
            A,
            "1741000/press/느린 문서.docx",
            "느린 문서.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Outcome::Timeout,
            vec![],
            false,
        ),
    ];
    for (agency, path, title, media_type, outcome, pieces, pictured) in papers {
        let preview = jpeg.clone().filter(|_| pictured);
        house
            .take(&Paper {
                agency,
                path: &path.replace("</", "<_"),
                title,
                media_type,
                outcome,
                pieces,
                preview,
                further: Vec::new(),
                likeness: false,
                annotations: Vec::new(),
                notes: Vec::new(),
                properties: Vec::new(),
                origin: Origin::Native,
            })
            .await;
    }
    house.see(A, "1741000/press/기다리는 문서.hwpx", 4096).await;
    let key = house.key("demo", &[Role::Admin], &[]).await;
    println!("key {key}");
    for _ in 0..12 {
        let token = house.server.sessions().link(Principal::local(), house::now()).unwrap();
        println!("http://{listen}/sign-in?token={token}");
    }
    let listener = tokio::net::TcpListener::bind(&listen).await.unwrap();
    axum::serve(listener, madang_server::routes::app(house.server.clone())).await.unwrap();
}
