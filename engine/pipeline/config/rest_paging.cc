#include "pipeline/config/rest_paging.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "source/rest/json_edit.h"
#include "source/rest/time_text.h"

namespace millrace::pipeline {
namespace {

using source::rest::PageFormat;
using source::rest::Paging;
using source::rest::PagingKind;
using source::rest::StopRule;
using source::rest::TimeForm;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

PagingKind KindOf(const std::string& type) {
  static const auto* kinds =
      new std::map<std::string, PagingKind>{{"none", PagingKind::kNone},
                                            {"offset", PagingKind::kOffset},
                                            {"page", PagingKind::kPage},
                                            {"cursor", PagingKind::kCursorBody},
                                            {"cursor_header", PagingKind::kCursorHeader},
                                            {"link_header", PagingKind::kLinkHeader},
                                            {"next_url", PagingKind::kNextUrl},
                                            {"keyset", PagingKind::kKeyset},
                                            {"time_window", PagingKind::kTimeWindow}};
  return kinds->at(type);
}

class PagingBuild {
 public:
  PagingBuild(const PagedEndpoint& endpoint, ConfigProblems* problems)
      : endpoint_(endpoint), paths_(problems) {}

  Paging Run(const ConfigValue& value) {
    Paging paging;
    if (value.spec == nullptr) return paging;
    paging.kind = KindOf(value.spec->type_value);
    paging.in_body = GoesIntoBody(value, endpoint_,
                                  {"param", "limit_param", "start_param", "end_param"}, &paths_);
    paging.param = value.Text("param");
    paging.limit_param = value.Text("limit_param");
    paging.limit = value.Integer("limit");
    paging.start = value.Integer("start");
    paging.advance_by_limit = value.Text("advance") == "limit";
    const std::string stop = value.Text("stop");
    paging.stop = stop == "short_page" ? StopRule::kShortPage
                  : stop == "total"    ? StopRule::kTotal
                                       : StopRule::kEmptyPage;
    for (const char* key : {"cursor", "next", "key"}) {
      if (auto query = paths_.SingleQuery(value, key)) paging.cursor = std::move(query);
    }
    paging.header = Lower(value.Text("header"));
    paging.has_more = paths_.SingleQuery(value, "has_more");
    if (paging.kind == PagingKind::kTimeWindow) Windows(value, &paging);
    Check(value, paging);
    return paging;
  }

 private:
  void Check(const ConfigValue& value, const Paging& paging) {
    const auto needs = [&](const char* key, const char* other, bool there) {
      const ConfigValue* given = value.Find(key);
      if (there || given == nullptr) return;
      paths_.Bad(*given, "`" + given->text + "` needs `" + other + "`",
                 "add `" + std::string(other) + "`");
    };
    if (paging.advance_by_limit) needs("advance", "limit", paging.limit > 0);
    if (paging.stop == StopRule::kShortPage) needs("stop", "limit", paging.limit > 0);
    if (paging.stop == StopRule::kTotal) needs("stop", "total", endpoint_.has_total);
    if (value.IsWritten("limit_param") && paging.limit == 0) {
      paths_.Bad(*value.Find("limit_param"), "`limit_param` needs a `limit`", "add `limit`");
    }
    const bool into_answer = paging.kind == PagingKind::kCursorBody ||
                             paging.kind == PagingKind::kNextUrl || paging.has_more.has_value();
    if (endpoint_.format != PageFormat::kJson && into_answer) {
      paths_.Bad(value,
                 "this paging looks into a JSON answer, and the format is " + endpoint_.format_name,
                 "use offset, page, cursor_header, link_header or time_window");
    } else if (endpoint_.format == PageFormat::kCsv && paging.kind == PagingKind::kKeyset) {
      paths_.Bad(value, "keyset paging takes the key from JSON records, and the format is csv");
    }
  }

  void Windows(const ConfigValue& value, Paging* paging) {
    paging->param = value.Text("start_param");
    paging->end_param = value.Text("end_param");
    paging->end_inclusive = value.Text("end") == "inclusive";
    const std::string form = value.Text("form");
    paging->form = form == "date"      ? TimeForm::kDate
                   : form == "unix"    ? TimeForm::kUnix
                   : form == "unix_ms" ? TimeForm::kUnixMilliseconds
                                       : TimeForm::kTimestamp;
    Span(value, paging);
    if (const ConfigValue* within = value.Find("within")) Within(value, *within, paging);
  }

  void Span(const ConfigValue& value, Paging* paging) {
    paging->step_s = ParseSpan(value.Text("step"));
    const ConfigValue* step = value.Find("step");
    if (step != nullptr && paging->step_s == 0) {
      paths_.Bad(*step, "`step` must be a number and s, m, h or d, not `" + step->text + "`",
                 "write for example 6h or 1d");
    }
    const bool from = Point(value, "from", &paging->from_s);
    const bool to = Point(value, "to", &paging->to_s);
    if (from && to && paging->from_s >= paging->to_s) {
      paths_.Bad(*value.Find("to"), "`to` must lie behind `from`");
    }
    constexpr int64_t kDay = 86'400;
    const bool whole_days =
        paging->from_s % kDay == 0 && paging->to_s % kDay == 0 && paging->step_s % kDay == 0;
    if (from && to && paging->form == TimeForm::kDate && !whole_days) {
      paths_.Bad(value, "windows of whole days are needed where dates are sent",
                 "use dates in `from` and `to`, and days in `step`");
    }
  }

  bool Point(const ConfigValue& value, const char* key, int64_t* out) {
    const ConfigValue* text = value.Find(key);
    if (text == nullptr || text->kind != ConfigValue::Kind::kText) return false;
    const auto seconds = source::rest::ParseTime(text->text, TimeForm::kTimestamp);
    if (seconds) {
      *out = *seconds;
      return true;
    }
    paths_.Bad(*text,
               "`" + std::string(key) + "` must be a date or a timestamp, not `" + text->text + "`",
               "write for example 2026-01-31 or 2026-01-31T12:00:00Z");
    return false;
  }

  // The pages of one window.
  void Within(const ConfigValue& windows, const ConfigValue& value, Paging* paging) {
    auto within = std::make_shared<Paging>(Run(value));
    for (const char* key : {"limit", "limit_param"}) {
      if (!windows.IsWritten(key)) continue;
      paths_.Bad(*windows.Find(key), "windows of several pages have no limit of their own",
                 "put `" + std::string(key) + "` into `within`");
    }
    for (const char* key : {"param", "limit_param"}) {
      const ConfigValue* name = value.Find(key);
      const bool taken = name != nullptr && within->in_body == paging->in_body &&
                         (name->text == paging->param || name->text == paging->end_param);
      if (taken) {
        paths_.Bad(*name, "`" + name->text + "` is what a window's start or end is sent as",
                   "the pages of a window need a parameter of their own");
      }
    }
    paging->within = std::move(within);
  }

  const PagedEndpoint& endpoint_;
  RestPaths paths_;
};

}  // namespace

bool GoesIntoBody(const ConfigValue& value, const PagedEndpoint& endpoint,
                  const std::vector<const char*>& keys, RestPaths* paths) {
  if (value.Text("in") != "body") return false;
  if (endpoint.method != "POST") {
    paths->Bad(*value.Find("in"), "a " + endpoint.method + " has no body", "add `method: POST`");
    return true;
  }
  for (const char* key : keys) {
    const ConfigValue* name = value.Find(key);
    if (name == nullptr || name->kind != ConfigValue::Kind::kText) continue;
    source::rest::JsonQuery place;
    if (const auto fault = source::rest::ParseJsonPlace(name->text, &place)) {
      paths->BadInside(*name, static_cast<size_t>(fault->offset), 1,
                       "`" + std::string(key) + "`: " + fault->message,
                       "write a member's name, or a path such as $.page.after");
      continue;
    }
    const auto placed = source::rest::WithValueAt(endpoint.body, place, "0");
    if (placed.ok()) continue;
    paths->Bad(*name, placed.status().message(),
               "`body` must be a JSON object that has the objects and elements on the way");
    break;  // the body is at fault, once
  }
  return true;
}

Paging BuildPaging(const ConfigValue& paginate, const PagedEndpoint& endpoint,
                   ConfigProblems* problems) {
  return PagingBuild(endpoint, problems).Run(paginate);
}

}  // namespace millrace::pipeline
