#include "source/rest/fetch.h"

#include <algorithm>
#include <thread>

#include "source/rest/cursor_value.h"
#include "source/rest/journal.h"
#include "source/rest/page_reader.h"
#include "source/rest/partition_fetch.h"
#include "source/rest/rest_errors.h"

namespace millrace::source::rest {
namespace {

constexpr int64_t kJudgedBytesMax = int64_t{1} << 30;  // a longer page is refused elsewhere

// The source's own partitions, or the only one.
std::vector<PartitionTask> TasksOf(const RestSource& source) {
  std::vector<PartitionTask> tasks;
  for (const std::string& value : source.partitions) {
    PartitionTask task;
    task.key = PartitionKey(value);
    task.places[source.partition_name] = value;
    tasks.push_back(std::move(task));
  }
  if (tasks.empty()) tasks.push_back({kOnlyPartition, {}, false, {}, {}, {}, 1});
  return tasks;
}

// Of a parent's records: one task for each that is told apart by its key.
class Children {
 public:
  Children(const Parent& parent, Journal& journal) : parent_(parent), journal_(journal) {}

  /// Adds the children of a page of parents. `of`: the partition the page belongs to.
  Status Add(const PageRecord& page, const PartitionTask& of, bool partitioned,
             int64_t page_bytes_max) {
    if (page.ignored) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const std::string body, journal_.ReadBody(page));
    ARROW_ASSIGN_OR_RAISE(const std::string text, PageText(body, page_bytes_max));
    if (text.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto records, JsonRecords(text, parent_.endpoint));
    for (const std::string_view record : records) {
      PartitionTask task;
      task.places = of.places;
      ARROW_ASSIGN_OR_RAISE(const auto piece, parent_.key.FindOne(record));
      if (!piece || *piece == "\"\"") {
        return MakeError(kBadPage, "a parent has no key at `" + parent_.key.text() + "`");
      }
      ARROW_ASSIGN_OR_RAISE(const std::string key, JsonScalarText(*piece));
      task.places[parent_.name] = key;
      task.key = (partitioned ? of.key + '/' : "") + PartitionKey(key);
      for (const auto& [name, query] : parent_.carry) {
        ARROW_ASSIGN_OR_RAISE(const auto value, query.FindOne(record));
        task.carried.emplace_back(name, value ? std::string(*value) : "null");
      }
      tasks_.emplace(task.key, task);  // one that comes twice is asked for once
    }
    return Status::OK();
  }

  std::vector<PartitionTask> Take() {
    std::vector<PartitionTask> tasks;
    for (auto& [key, task] : tasks_) tasks.push_back(std::move(task));
    return tasks;
  }

 private:
  const Parent& parent_;
  Journal& journal_;
  std::map<std::string, PartitionTask> tasks_;
};

// What an incremental fetch asks for behind an earlier snapshot.
Status GoOnBehind(const Snapshot* base, const RestSource& source,
                  std::vector<PartitionTask>* tasks) {
  if (!source.incremental) return Status::OK();
  const Incremental& incremental = *source.incremental;
  std::map<std::string, std::pair<int64_t, std::string>> known;  // last page, greatest value
  if (base != nullptr) {
    for (const PageRecord& page : base->pages) {
      if (page.of_parent) continue;
      auto& [last, greatest] = known[page.partition];
      last = std::max(last, page.page);
      if (page.cursor.empty()) continue;
      ARROW_ASSIGN_OR_RAISE(const bool greater,
                            IsGreaterCursor(page.cursor, greatest, incremental.form));
      if (greater) greatest = page.cursor;
    }
  }
  for (PartitionTask& task : *tasks) {
    std::string since = incremental.initial;
    const auto before = known.find(task.key);
    if (before != known.end()) {
      task.first_page = before->second.first + 1;
      if (!before->second.second.empty()) {
        ARROW_ASSIGN_OR_RAISE(since, NextCursor(before->second.second, incremental));
      }
    }
    if (since.empty()) continue;
    if (!incremental.in_body) {
      task.params.emplace_back(incremental.param, since);
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(std::string json, CursorAsJson(since, incremental.form));
    task.body.emplace_back(incremental.param, std::move(json));
  }
  return Status::OK();
}

// Fetches partitions side by side.
class Crew {
 public:
  Crew(const RestSource& source, const FetchContext& context, Journal& journal)
      : source_(source), context_(context), journal_(journal) {
    context_.stopped = &stopped_;
  }

  Result<std::vector<PageRecord>> Fetch(const Endpoint& endpoint,
                                        const std::vector<PartitionTask>& tasks) {
    results_.assign(tasks.size(), Status::Cancelled(""));
    next_ = 0;
    const auto work = [&] {
      while (!stopped_) {
        const size_t mine = next_++;
        if (mine >= tasks.size()) return;
        results_[mine] = PartitionFetch(source_, endpoint, tasks[mine], context_, journal_).Run();
        if (!results_[mine].ok()) stopped_ = true;
      }
    };
    const size_t wanted =
        std::min(static_cast<size_t>(std::max(source_.concurrency, 1)), tasks.size());
    std::vector<std::thread> threads;
    for (size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    return Gather();
  }

 private:
  Result<std::vector<PageRecord>> Gather() {
    std::vector<PageRecord> pages;
    Status first;  // the first in order; those that were stopped on its account do not count
    for (auto& result : results_) {
      if (!result.ok() && !result.status().IsCancelled() && first.ok()) first = result.status();
    }
    ARROW_RETURN_NOT_OK(first);
    for (auto& result : results_) {
      ARROW_RETURN_NOT_OK(result.status());
      for (PageRecord& page : *result) pages.push_back(std::move(page));
    }
    return pages;
  }

  const RestSource& source_;
  FetchContext context_;
  Journal& journal_;
  std::atomic<bool> stopped_{false};
  std::atomic<size_t> next_{0};
  std::vector<Result<std::vector<PageRecord>>> results_;
};

// Another attempt would find the same pages in the journal and fail again.
bool IsCuredByFetchingAnew(ErrorCode code) { return code == kTotalMismatch; }

}  // namespace

bool ResponseRule::Fits(int status, std::string_view text) const {
  if (status_min > 0 && (status < status_min || status > status_max)) return false;
  if (!body) return true;
  const auto piece = body->FindOne(text);
  return piece.ok() && *piece && **piece != "false";
}

std::vector<io::http::ResponseRule> ClientRules(const RestSource& source) {
  using io::http::Verdict;
  std::vector<io::http::ResponseRule> rules;
  for (const ResponseRule& rule : source.responses) {
    io::http::ResponseRule known;
    const bool retry = rule.action == ResponseAction::kRetry;
    known.verdict = retry ? Verdict::kRetry : Verdict::kSuccess;
    if (rule.status_min > 0) known.statuses = {{rule.status_min, rule.status_max}};
    if (rule.body) {
      known.body = [rule](const io::http::Response& response) {
        const auto text = PageText(response.body, kJudgedBytesMax);
        return text.ok() && rule.Fits(response.status, *text);
      };
    }
    rules.push_back(std::move(known));
  }
  rules.push_back({Verdict::kRetry, {{408, 408}, {425, 425}, {429, 429}, {500, 599}}, {}});
  rules.push_back({Verdict::kSuccess, {}, {}});
  return rules;
}

namespace {

// Of parents: the same partitions under names that no child has.
std::vector<PartitionTask> ParentTasks(const RestSource& source) {
  std::vector<PartitionTask> tasks = TasksOf(source);
  for (PartitionTask& task : tasks) {
    task.key = source.partitions.empty() ? kParentPartition
                                         : std::string(kParentPartition) + '/' + task.key;
    task.of_parent = true;
  }
  return tasks;
}

Result<std::vector<PageRecord>> FetchAll(const RestSource& source, const FetchContext& context,
                                         Journal& journal, const Snapshot* base) {
  std::vector<PartitionTask> tasks = TasksOf(source);
  std::vector<PageRecord> pages;
  if (source.parent) {
    const std::vector<PartitionTask> parents = ParentTasks(source);
    ARROW_ASSIGN_OR_RAISE(pages,
                          Crew(source, context, journal).Fetch(source.parent->endpoint, parents));
    Children children(*source.parent, journal);
    for (size_t i = 0; i < parents.size(); ++i) {
      for (const PageRecord& page : pages) {
        if (page.partition != parents[i].key) continue;
        ARROW_RETURN_NOT_OK(
            children.Add(page, tasks[i], !source.partitions.empty(), context.page_bytes_max));
      }
    }
    tasks = children.Take();
  }
  ARROW_RETURN_NOT_OK(GoOnBehind(base, source, &tasks));
  ARROW_ASSIGN_OR_RAISE(auto own, Crew(source, context, journal).Fetch(source.endpoint, tasks));
  for (PageRecord& page : own) pages.push_back(std::move(page));
  return pages;
}

}  // namespace

Result<Snapshot> FetchSnapshot(const RestSource& source, const FetchContext& context,
                               const Snapshot* base) {
  const std::string key = source.fetch_key + (base == nullptr ? "" : "+" + base->id);
  ARROW_ASSIGN_OR_RAISE(Journal journal, Journal::Open(*context.workspace, source.name, key));
  int64_t recorded = 0;
  for (const auto& [partition, pages] : journal.recorded()) {
    recorded += static_cast<int64_t>(pages.size());
  }
  const auto event = [&](const std::string& name, std::map<std::string, std::string> fields) {
    fields["source"] = source.name;
    if (context.event) context.event(name, fields);
  };
  event("fetch_started", {{"pages_recorded", std::to_string(recorded)},
                          {"behind", base == nullptr ? "" : base->id}});
  Result<std::vector<PageRecord>> pages = FetchAll(source, context, journal, base);
  if (!pages.ok()) {
    if (IsCuredByFetchingAnew(CodeOf(pages.status()))) {
      ARROW_RETURN_NOT_OK(Journal::Discard(*context.workspace, source.name));
    }
    return pages.status();
  }
  ARROW_ASSIGN_OR_RAISE(Snapshot snapshot,
                        journal.Complete(*std::move(pages), source.fetch_key, base));
  event("snapshot_complete",
        {{"snapshot", snapshot.id}, {"pages", std::to_string(snapshot.pages.size())}});
  return snapshot;
}

}  // namespace millrace::source::rest
