use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};

use crate::exposition::Exposition;

/// Requests by method, route and status: a bounded number of lines, because routes are templates.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    counts: Mutex<BTreeMap<(&'static str, &'static str, u16), Count>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    requests: u64,
    time: Duration,
}

impl Traffic {
    pub(crate) fn count(
        &self,
        method: &Method,
        template: &'static str,
        status: StatusCode,
        time: Duration,
    ) {
        let method = match method.as_str() {
            "GET" => "GET",
            "HEAD" => "HEAD",
            "PUT" => "PUT",
            "POST" => "POST",
            _ => "other",
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry((method, template, status.as_u16())).or_default();
        count.requests += 1;
        count.time += time;
    }

    pub(crate) fn write(&self, text: &mut Exposition) {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        text.family("madang_http_requests_total", "counter", "HTTP requests answered.");
        for ((method, route, status), count) in &counts {
            let status = status.to_string();
            let labels = [("method", *method), ("route", *route), ("status", status.as_str())];
            text.sample("madang_http_requests_total", &labels, count.requests as f64);
        }
        text.family(
            "madang_http_request_seconds_total",
            "counter",
            "Time until the head of the answer, summed.",
        );
        for ((method, route, status), count) in &counts {
            let status = status.to_string();
            let labels = [("method", *method), ("route", *route), ("status", status.as_str())];
            text.sample("madang_http_request_seconds_total", &labels, count.time.as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_counted_by_template() {
        let traffic = Traffic::default();
        for _ in 0..2 {
            let time = Duration::from_millis(250);
            traffic.count(&Method::GET, "/v1/jobs/{id}", StatusCode::OK, time);
        }
        let mut text = Exposition::default();
        traffic.write(&mut text);
        let labels = "{method=\"GET\",route=\"/v1/jobs/{id}\",status=\"200\"}";
        assert!(text.0.contains(&format!("madang_http_requests_total{labels} 2\n")));
        assert!(text.0.contains(&format!("madang_http_request_seconds_total{labels} 0.5\n")));
    }
}
