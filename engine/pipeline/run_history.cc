#include "pipeline/run_history.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>

#include "pipeline/stored_json.h"

namespace millrace::pipeline {
namespace {

// "runs/<plan_id>.<n>/<rest>" in its parts; false when the key is something else.
bool SplitKey(const std::string& key, PastRun* run, std::string* rest) {
  const size_t slash = key.find('/', 5);
  if (key.rfind("runs/", 0) != 0 || slash == std::string::npos) return false;
  run->folder = key.substr(0, slash);
  const size_t dot = run->folder.rfind('.');
  if (dot == std::string::npos) return false;
  run->plan_id = run->folder.substr(5, dot - 5);
  const char* end = run->folder.data() + run->folder.size();
  const auto [at, error] = std::from_chars(run->folder.data() + dot + 1, end, run->number);
  *rest = key.substr(slash + 1);
  return error == std::errc() && at == end;
}

// A log is informative: a torn last line of a killed attempt is passed over.
void ReadLastEvent(const std::string& log, PastRun& run) {
  size_t begin = 0;
  while (begin < log.size()) {
    const size_t end = std::min(log.find('\n', begin), log.size());
    const auto line = nlohmann::json::parse(log.substr(begin, end - begin), nullptr, false);
    begin = end + 1;
    if (!line.is_object()) continue;
    run.last_event = TextOf(line, "event");
    run.last_message = TextOf(line, "message");
    const std::string stage = TextOf(line, "stage");
    if (stage.empty()) continue;
    run.last_stage = stage;
    if (run.last_event == "stage_started") {
      run.splits_done = 0;
      run.splits_total = std::atoll(TextOf(line, "splits").c_str());
    }
    run.splits_done += run.last_event == "split_committed" || run.last_event == "split_skipped";
  }
}

}  // namespace

Result<std::vector<PastRun>> PastRuns(io::Store& workspace) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<io::FileInfo> files, workspace.List("runs"));
  std::map<std::string, PastRun> runs;
  std::map<std::string, std::pair<int64_t, std::string>> last_attempt;
  for (const io::FileInfo& file : files) {
    PastRun parts;
    std::string rest;
    if (!SplitKey(file.key, &parts, &rest)) continue;
    PastRun& run = runs.try_emplace(parts.folder, parts).first->second;
    if (rest == "report.json") run.complete = true;
    if (rest.rfind("attempts/", 0) == 0) {
      ++run.attempts;
      auto& last = last_attempt[parts.folder];
      if (file.mtime_ns >= last.first) last = {file.mtime_ns, file.key};
    }
    run.touched_ns = std::max(run.touched_ns, file.mtime_ns);
  }
  std::vector<PastRun> list;
  for (auto& [folder, run] : runs) {
    const auto last = last_attempt.find(folder);
    if (last != last_attempt.end()) {
      const Result<std::string> log = workspace.ReadSmall(last->second.second);
      if (log.ok()) ReadLastEvent(*log, run);
    }
    list.push_back(std::move(run));
  }
  std::sort(list.begin(), list.end(), [](const PastRun& a, const PastRun& b) {
    return a.touched_ns != b.touched_ns ? a.touched_ns > b.touched_ns : a.folder > b.folder;
  });
  return list;
}

}  // namespace millrace::pipeline
