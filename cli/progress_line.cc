#include "cli/progress_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/quantity.h"
#include "cli/session.h"
#include "cli/terminal.h"

namespace millrace::cli {
namespace {

constexpr double kPlainLineSeconds = 5;
constexpr double kRateSeconds = 1;

// Anonymous resident bytes of this process: what the memory limit is about.
int64_t AnonymousBytes() {
  std::FILE* file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) return 0;
  char line[256];
  long long kib = 0;
  while (std::fgets(line, sizeof line, file) != nullptr) {
    if (std::strncmp(line, "RssAnon:", 8) == 0) {
      std::sscanf(line + 8, "%lld", &kib);
      break;
    }
  }
  std::fclose(file);
  return kib * 1024;
}

std::string Bar(double share) {
  constexpr int kCells = 20;
  const int full = std::clamp(static_cast<int>(share * kCells), 0, kCells);
  std::string bar;
  for (int i = 0; i < kCells; ++i) bar += i < full ? "━" : "╌";
  return bar;
}

}  // namespace

ProgressLine::ProgressLine(bool quiet) : quiet_(quiet), terminal_(IsTerminal(STDERR_FILENO)) {}

std::string ProgressLine::Text(const RunProgress& p) {
  const double passed = p.seconds - rate_at_;
  if (passed >= kRateSeconds) {
    const double keep = rate_at_ > 0 ? 0.6 : 0;
    rows_per_second_ = keep * rows_per_second_ +
                       (1 - keep) * static_cast<double>(p.rows_read - rate_rows_) / passed;
    bytes_per_second_ = keep * bytes_per_second_ +
                        (1 - keep) * static_cast<double>(p.bytes_read - rate_bytes_) / passed;
    rate_at_ = p.seconds;
    rate_rows_ = p.rows_read;
    rate_bytes_ = p.bytes_read;
  }
  std::string text = p.phase;
  if (p.phase == "ingest" && p.bytes_total > 0) {
    const double share = static_cast<double>(p.bytes_read) / static_cast<double>(p.bytes_total);
    if (terminal_) text += "  " + Bar(share);
    text += fmt::format("  {:.0f} %", 100 * std::min(1.0, share));
  }
  if (p.phase == "fetch") return text + "  " + FormatCount(p.pages_fetched) + " pages";
  if (p.phase.rfind("stage ", 0) == 0) {
    if (terminal_ && p.phase_splits_total > 0) {
      text += "  " + Bar(static_cast<double>(p.phase_splits_done) /
                         static_cast<double>(p.phase_splits_total));
    }
    return text + "  " + FormatCount(p.phase_splits_done) + " of " +
           FormatCounted(p.phase_splits_total, "split") + "  " + FormatCount(p.phase_rows_read) +
           " rows in  " + FormatCount(p.phase_rows_written) + " out  RSS " +
           FormatByteSize(AnonymousBytes());
  }
  text += "  " + FormatCount(p.rows_read) + " rows";
  if (p.rows_rejected > 0) text += "  " + FormatCount(p.rows_rejected) + " rejected";
  if (p.phase == "ingest" && bytes_per_second_ > 0) {
    text +=
        fmt::format("  {} rows/s  {:.0f} MB/s", FormatCount(static_cast<int64_t>(rows_per_second_)),
                    bytes_per_second_ / 1e6);
    const double left = static_cast<double>(p.bytes_total - p.bytes_read) / bytes_per_second_;
    if (left > 0) text += "  ETA " + FormatDuration(left);
  }
  return text + "  RSS " + FormatByteSize(AnonymousBytes());
}

void ProgressLine::Show(const RunProgress& progress) {
  if (quiet_) return;
  const std::string text = Text(progress);
  if (terminal_) {
    PrintErr("\r\x1b[2K" + Shortened(text, TerminalColumns(STDERR_FILENO) - 1));
    shown_ = true;
  } else if (progress.seconds - printed_at_ >= kPlainLineSeconds) {
    PrintErr(text + "\n");
    printed_at_ = progress.seconds;
  }
}

void ProgressLine::Clear() {
  if (shown_) PrintErr("\r\x1b[2K");
  shown_ = false;
}

}  // namespace millrace::cli
