//! Time as an argument: the pipeline asks for it in one place, tests give their own.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where the pipeline gets the time from.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The moment of a call.
    fn now(&self) -> Moment;
}

/// One moment on the monotonic and on the wall clock.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// For deadlines and limits.
    pub instant: Instant,
    /// For tokens and timestamps: time since 1970.
    pub since_epoch: Duration,
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Moment { instant: Instant::now(), since_epoch }
    }
}

impl Moment {
    /// RFC 3339 in UTC with six digits of fraction: the stored form of a `DateTime`.
    pub fn rfc3339(&self) -> String {
        let days = self.since_epoch.as_secs() / 86_400;
        let second = self.since_epoch.as_secs() % 86_400;
        let (year, month, day) = civil(days as i64);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let micros = self.since_epoch.subsec_micros();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
    }
}

/// The proleptic Gregorian date of a day since 1970-01-01 (the days-to-civil algorithm by Howard Hinnant).
fn civil(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_its_utc_time() {
        let at = |secs, micros: u32| Moment {
            instant: Instant::now(),
            since_epoch: Duration::new(secs, micros * 1000),
        };
        assert_eq!(at(0, 0).rfc3339(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(at(951_782_400, 1).rfc3339(), "2000-02-29T00:00:00.000001Z");
        assert_eq!(at(1_795_372_354, 123_456).rfc3339(), "2026-11-22T18:32:34.123456Z");
        assert_eq!(at(4_107_542_399, 999_999).rfc3339(), "2100-02-28T23:59:59.999999Z");
    }
}
