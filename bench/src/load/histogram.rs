//! A histogram of durations in a fixed amount of memory, whatever is counted and however long: buckets that grow with
//! the value, each at most 1/128 wide, so that a quantile is off by less than one percent.

use std::time::Duration;

use serde::Serialize;

/// Buckets for each doubling of the value.
const PER_DOUBLING: u64 = 128;

/// Doublings that are told apart above the first 128 µs: up to 2^40 µs, which is twelve days.
const DOUBLINGS: u64 = 33;

/// Counts durations by microseconds.
#[derive(Clone)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    most: u64,
}

/// Quantiles in milliseconds. All zero when nothing was counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Quantiles {
    pub(super) count: u64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) p99_9: f64,
    pub(super) max: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; (PER_DOUBLING * (DOUBLINGS + 1)) as usize],
            total: 0,
            most: 0,
        }
    }
}

impl Histogram {
    pub(super) fn add(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = bucket_of(micros).min(self.counts.len() - 1);
        self.counts[bucket] += 1;
        self.total += 1;
        self.most = self.most.max(micros);
    }

    /// Adds everything that another one counted.
    pub(super) fn merge(&mut self, other: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.most = self.most.max(other.most);
    }

    pub(super) fn quantiles(&self) -> Quantiles {
        Quantiles {
            count: self.total,
            p50: self.at(0.5),
            p99: self.at(0.99),
            p99_9: self.at(0.999),
            max: milliseconds(self.most),
        }
    }

    /// The smallest value that a share of all values does not exceed, in milliseconds.
    fn at(&self, share: f64) -> f64 {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && *count > 0 {
                return milliseconds(end_of(bucket as u64).min(self.most));
            }
        }
        0.0
    }
}

fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

fn bucket_of(micros: u64) -> usize {
    if micros < PER_DOUBLING {
        return micros as usize;
    }
    // The highest bit says which doubling, the seven bits below it which part.
    let doubling = u64::from(63 - micros.leading_zeros()) - 6;
    let part = (micros >> (doubling - 1)) & (PER_DOUBLING - 1);
    (doubling * PER_DOUBLING + part) as usize
}

/// The largest value of a bucket.
fn end_of(bucket: u64) -> u64 {
    let (doubling, part) = (bucket / PER_DOUBLING, bucket % PER_DOUBLING);
    if doubling == 0 {
        return part;
    }
    ((PER_DOUBLING + part + 1) << (doubling - 1)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_no_bucket_is_wider_than_a_hundredth() {
        let mut value = 1;
        while value < 1 << 39 {
            let bucket = bucket_of(value) as u64;
            let (before, end) = (bucket.checked_sub(1).map_or(0, end_of), end_of(bucket));
            assert!(before < value && value <= end, "{before} {value} {end}");
            assert!(
                (end - before) * 100 <= value.max(100),
                "{before} {value} {end}"
            );
            value += 1 + value / 97;
        }
    }

    #[test]
    fn quantiles_are_those_of_what_was_counted() {
        let mut histogram = Histogram::default();
        for micros in 1..=10_000 {
            histogram.add(Duration::from_micros(micros));
        }
        let quantiles = histogram.quantiles();
        assert_eq!((quantiles.count, quantiles.max), (10_000, 10.0));
        for (measured, exact) in [
            (quantiles.p50, 5.0),
            (quantiles.p99, 9.9),
            (quantiles.p99_9, 9.99),
        ] {
            assert!((measured / exact - 1.0).abs() < 0.01, "{measured} {exact}");
        }
    }
}
