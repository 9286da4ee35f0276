#include "pipeline/config/rest.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "io/http/url.h"
#include "pipeline/config/canonical.h"
#include "pipeline/config/rest_paging.h"
#include "source/rest/page_record.h"
#include "source/rest/places.h"

namespace millrace::pipeline {
namespace {

using source::rest::JsonQuery;
using source::rest::PageFormat;
using source::rest::PagingKind;

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

class RestBuild {
 public:
  RestBuild(const ConfigValue& value, ConfigProblems* problems)
      : value_(value), problems_(problems), paths_(problems) {}

  RestConfig Run(const std::string& name) {
    source_.name = name;
    source_.fetch_key = FetchKey(value_);
    BuildPartitions();
    BuildParent();
    BuildRequest(value_, &source_.endpoint);
    BuildAnswer();
    if (const ConfigValue* paginate = value_.Find("paginate")) {
      source_.endpoint.paging = BuildPaging(*paginate, Paged(source_.endpoint), problems_);
    }
    BuildIncremental();
    BuildResponses();
    CheckPartitionIsUsed();
    source_.pages_max = value_.Integer("max_pages");
    source_.concurrency = static_cast<int>(value_.Integer("concurrency"));
    RestConfig config;
    config.conduct = BuildConduct();
    config.source = std::move(source_);
    return config;
  }

 private:
  RestConduct BuildConduct() {
    RestConduct conduct;
    conduct.page_bytes_max = value_.Integer("page_bytes_max");
    conduct.allow_private = value_.Bool("allow_private");
    conduct.timeout = std::chrono::seconds(value_.Integer("timeout_seconds"));
    conduct.home = home_;
    conduct.auth = BuildAuth(value_, problems_);
    CheckAuth(conduct.auth);
    conduct.ca_file = value_.Text("ca_file");
    if (const ConfigValue* rate = value_.Find("rate_limit")) {
      const ConfigValue* most = rate->Find("requests_per_second");
      if (most != nullptr) conduct.rate.requests_per_second = most->number;
      conduct.rate.burst = static_cast<int>(rate->Integer("burst", 1));
    }
    if (const ConfigValue* retry = value_.Find("retry")) {
      conduct.retry.attempts_max = static_cast<int>(retry->Integer("attempts", 1));
      conduct.retry.elapsed_max = std::chrono::seconds(retry->Integer("seconds"));
      conduct.retry.retry_after_max =
          std::chrono::seconds(retry->Integer("retry_after_max_seconds"));
      source_.post_is_idempotent = retry->Bool("post");
    }
    return conduct;
  }

  /// A name that auth takes is not free for a value that is written in the config.
  void CheckAuth(const AuthConfig& auth) {
    const bool query = auth.kind == AuthConfig::Kind::kApiKeyQuery;
    if (!query && auth.kind != AuthConfig::Kind::kApiKeyHeader) return;
    const ConfigValue* map = value_.Find(query ? "params" : "headers");
    if (map == nullptr) return;
    for (size_t i = 0; i < map->members.size(); ++i) {
      const std::string& name = map->members[i].name;
      if (query ? name != auth.name : Lower(name) != Lower(auth.name)) continue;
      problems_->Add(ErrorCode::kDuplicateName, map->member_spans[i],
                     "`" + name + "` is what `auth` sends its key as");
    }
  }

  void Bad(const ConfigValue& at, std::string message, std::string suggestion = "") {
    paths_.Bad(at, std::move(message), std::move(suggestion));
  }

  void BuildPartitions() {
    const ConfigValue* partitions = value_.Find("partitions");
    if (partitions == nullptr || partitions->kind != ConfigValue::Kind::kObject) return;
    source_.partition_name = partitions->Text("name");
    const ConfigValue* values = partitions->Find("values");
    if (values == nullptr) return;
    problems_->AddRepeated(values);
    for (const ConfigValue& item : values->items) {
      if (item.text.empty()) Bad(item, "a partition's value cannot be empty");
      source_.partitions.push_back(item.text);
    }
  }

  // The request of the source's own endpoint or of its parents'.
  void BuildRequest(const ConfigValue& value, source::rest::Endpoint* endpoint) {
    endpoint->method = value.Text("method");
    endpoint->body = value.Text("body");
    if (const ConfigValue* url = value.Find("url")) {
      endpoint->url = url->text;
      CheckUrl(*url, &value == &value_);
    }
    endpoint->params = Named(value, "params");
    endpoint->headers = Named(value, "headers");
    for (const char* key : {"params", "headers"}) CheckSecrets(value, key);
    if (const ConfigValue* body = value.Find("body")) {
      if (endpoint->method == "GET") Bad(*body, "a GET has no body", "add `method: POST`");
      NoteUse(body->text);
    }
    if (endpoint->body.empty() && endpoint->method == "POST" && PagesInBody(value)) {
      endpoint->body = "{}";
    }
    const std::string sample = SampleBody(*endpoint);
    const size_t first = sample.find_first_not_of(" \t\r\n");
    endpoint->body_is_json = first != std::string::npos &&
                             (sample[first] == '{' || sample[first] == '[') &&
                             JsonQuery().Find(sample).ok();
  }

  // Whether paging or `incremental` puts something into the body.
  static bool PagesInBody(const ConfigValue& value) {
    const auto in_body = [](const ConfigValue* part) {
      return part != nullptr && part->Text("in") == "body";
    };
    const ConfigValue* paginate = value.Find("paginate");
    return in_body(paginate) || in_body(value.Find("incremental")) ||
           (paginate != nullptr && in_body(paginate->Find("within")));
  }

  // The body as some partition would have it.
  std::string SampleBody(const source::rest::Endpoint& endpoint) const {
    source::rest::Places places;
    for (const std::string& name : {source_.partition_name, parent_name_}) {
      if (!name.empty()) places[name] = "0";
    }
    return source::rest::FillPlaces(endpoint.body, places, [](const auto& text) { return text; });
  }

  PagedEndpoint Paged(const source::rest::Endpoint& endpoint) const {
    const bool own = &endpoint == &source_.endpoint;
    return {endpoint.method, SampleBody(endpoint), own ? value_.Text("format") : "json",
            endpoint.format, value_.IsWritten("total")};
  }

  void BuildParent() {
    const ConfigValue* value = value_.Find("parent");
    if (value == nullptr || value->kind != ConfigValue::Kind::kObject) return;
    source::rest::Parent parent;
    parent.name = value->Text("name");
    if (!parent.name.empty() && parent.name == source_.partition_name) {
      Bad(*value->Find("name"), "the partitions are called `" + parent.name + "` already");
    }
    BuildRequest(*value, &parent.endpoint);
    if (auto records = paths_.Query(*value, "records"))
      parent.endpoint.records = *std::move(records);
    parent.endpoint.records_may_miss = value->Bool("records_may_miss");
    if (auto key = paths_.SingleQuery(*value, "key")) parent.key = *std::move(key);
    if (const ConfigValue* paginate = value->Find("paginate")) {
      parent.endpoint.paging = BuildPaging(*paginate, Paged(parent.endpoint), problems_);
    }
    if (const ConfigValue* carry = value->Find("carry")) {
      if (value_.Text("format") == "csv") Bad(*carry, "records of CSV pages carry nothing");
      for (const auto& [name, path] : carry->members) {
        JsonQuery query;
        if (path.kind != ConfigValue::Kind::kText || !paths_.ParseQuery(path, "carry", &query))
          continue;
        parent.carry.emplace_back(nlohmann::json(name).dump(), std::move(query));
      }
    }
    parent_name_ = parent.name;
    source_.parent = std::move(parent);
  }

  void BuildIncremental() {
    const ConfigValue* value = value_.Find("incremental");
    if (value == nullptr || value->kind != ConfigValue::Kind::kObject) return;
    using source::rest::CursorForm;
    static const auto* forms = new std::map<std::string, CursorForm>{
        {"date", CursorForm::kDate},       {"timestamp", CursorForm::kTimestamp},
        {"unix", CursorForm::kUnix},       {"unix_ms", CursorForm::kUnixMilliseconds},
        {"integer", CursorForm::kInteger}, {"text", CursorForm::kText}};
    source::rest::Incremental incremental;
    incremental.param = value->Text("param");
    incremental.in_body = GoesIntoBody(*value, Paged(source_.endpoint), {"param"}, &paths_);
    incremental.initial = value->Text("initial");
    if (auto field = paths_.SingleQuery(*value, "field")) incremental.field = *std::move(field);
    const auto form = forms->find(value->Text("form"));
    if (form != forms->end()) incremental.form = form->second;
    if (const ConfigValue* lookback = value->Find("lookback")) {
      incremental.lookback = Lookback(*lookback, incremental.form);
    }
    if (value_.Text("format") == "csv") {
      Bad(*value, "`incremental` looks into JSON records, and the format is csv");
    }
    if (const ConfigValue* paginate = value_.Find("paginate");
        paginate != nullptr && source_.endpoint.paging.kind == PagingKind::kTimeWindow) {
      Bad(*value, "`incremental` and windows of time exclude each other",
          "set `from` and `to` of the windows by a parameter instead");
    }
    source_.incremental = std::move(incremental);
  }

  int64_t Lookback(const ConfigValue& value, source::rest::CursorForm form) {
    int64_t number = 0;
    if (form == source::rest::CursorForm::kInteger) {
      const std::string& text = value.text;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      if (error != std::errc() || end != text.data() + text.size() || number < 0) number = 0;
    } else if (form != source::rest::CursorForm::kText) {
      number = ParseSpan(value.text);
    }
    if (number == 0) {
      Bad(value,
          "`lookback` must be a number and s, m, h or d (of integers a number), not `" +
              value.text + "`",
          "texts have none");
    }
    return number;
  }

  source::rest::Pairs Named(const ConfigValue& value, const char* key) {
    source::rest::Pairs pairs;
    const ConfigValue* map = value.Find(key);
    if (map == nullptr) return pairs;
    for (const auto& [name, text] : map->members) {
      pairs.emplace_back(name, text.text);
      NoteUse(text.text);
    }
    return pairs;
  }

  // What is written in these maps is stored in clear.
  void CheckSecrets(const ConfigValue& value, const char* key) {
    const ConfigValue* map = value.Find(key);
    if (map == nullptr) return;
    for (size_t i = 0; i < map->members.size(); ++i) {
      const auto& [name, text] = map->members[i];
      const std::string lower = Lower(name);
      const bool secret = LooksLikeSecretKey(name) || lower == "authorization" ||
                          lower == "cookie" || lower == "proxy-authorization";
      if (secret) {
        if (text.node != nullptr) problems_->HideLines(*text.node);
        problems_->Add(ErrorCode::kSecretInClear, map->member_spans[i],
                       "`" + name + "` authenticates, and `" + key + "` are stored in clear",
                       "use `auth`");
      }
      if (std::string_view(key) == "headers" && !IsHeader(name, text.text)) {
        problems_->Add(ErrorCode::kBadValue, map->member_spans[i],
                       "`" + name + "` is no header that can be sent");
      }
    }
  }

  // As CheckSecrets, of the parameters in a URL.
  void CheckUrlSecrets(const ConfigValue& url) {
    std::string_view rest = url.text;
    rest.remove_prefix(std::min(rest.find('?'), rest.size()));
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::string_view pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(pair.size());
      const std::string name(pair.substr(0, pair.find('=')));
      if (name.size() + 1 >= pair.size() || !LooksLikeSecretKey(name)) continue;
      if (url.node != nullptr) problems_->HideLines(*url.node);
      RegisterSecret(std::string(pair.substr(name.size() + 1)));
      problems_->Add(ErrorCode::kSecretInClear, url.span,
                     "`" + name + "` of this URL authenticates, and `url` is stored in clear",
                     "use `auth`");
    }
  }

  static bool IsHeader(const std::string& name, const std::string& value) {
    const auto is_token = [](unsigned char c) {
      return std::isalnum(c) != 0 ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                 std::string_view::npos;
    };
    return !name.empty() && std::all_of(name.begin(), name.end(), is_token) &&
           value.find_first_of("\r\n") == std::string::npos;
  }

  // The names that may stand in braces.
  bool IsPlace(const std::string& name, bool own) const {
    return !name.empty() && (name == source_.partition_name || (own && name == parent_name_));
  }

  void CheckUrl(const ConfigValue& url, bool own) {
    const std::string& text = url.text;
    std::string filled;
    for (size_t at = 0; at < text.size();) {
      if (text[at] != '{') {
        filled += text[at++];
        continue;
      }
      const size_t end = std::min(text.find('}', at), text.size() - 1);
      const std::string name = text.substr(at + 1, end - at - 1);
      if (text[end] != '}' || !IsPlace(name, own)) {
        paths_.BadInside(
            url, at, end - at + 1, "nothing is called `" + name + "` that could stand here",
            "declare it under `partitions` or `parent`, or write %7B for the character {");
      }
      filled += 'x';
      at = end + 1;
    }
    NoteUse(text);
    CheckUrlSecrets(url);
    const Result<io::http::Url> parsed = io::http::ParseUrl(filled);
    if (!parsed.ok()) {
      Bad(url, parsed.status().message(), "write for example https://api.example.com/v1/items");
      return;
    }
    const size_t place = text.find('{');
    if (place != std::string::npos && place < text.find('/', text.find("://") + 3)) {
      paths_.BadInside(url, place, 1, "what is in braces cannot choose the host",
                       "make a source for each host: each gets what is meant for it alone");
    }
    if (!home_.empty() && home_ != parsed->Origin()) {
      Bad(url, "parents are at another host", "both endpoints must be of one host");
    }
    home_ = parsed->Origin();
  }

  void NoteUse(const std::string& text) {
    const auto holds = [&](const std::string& name) {
      return text.find('{' + name + '}') != std::string::npos;
    };
    partition_used_ = partition_used_ || holds(source_.partition_name);
    parent_used_ = parent_used_ || holds(parent_name_);
  }

  void CheckPartitionIsUsed() {
    if (source_.parent && !parent_used_) {
      Bad(*value_.Find("parent"),
          "`{" + parent_name_ + "}` stands nowhere: every parent's children would be the same",
          "put it into `url`, `params`, `headers` or `body`");
    }
    if (source_.partition_name.empty() || partition_used_) return;
    Bad(*value_.Find("partitions"),
        "`{" + source_.partition_name + "}` stands nowhere: every partition would be the same",
        "put it into `url`, `params`, `headers` or `body`");
  }

  void BuildAnswer() {
    const std::string format = value_.Text("format");
    source::rest::Endpoint& endpoint = source_.endpoint;
    endpoint.format = format == "csv"     ? PageFormat::kCsv
                      : format == "jsonl" ? PageFormat::kJsonl
                                          : PageFormat::kJson;
    if (endpoint.format == PageFormat::kCsv) {
      io::CsvOptions options;
      options.record_bytes_max = value_.Integer("record_bytes_max");
      source_.records_format = options;
    } else {
      io::JsonlOptions options;
      options.record_bytes_max = value_.Integer("record_bytes_max");
      source_.records_format = options;
    }
    if (auto records = paths_.Query(value_, "records")) endpoint.records = *std::move(records);
    endpoint.records_may_miss = value_.Bool("records_may_miss");
    source_.total = paths_.SingleQuery(value_, "total");
    const std::string mismatch = value_.Text("total_mismatch");
    source_.on_total_mismatch = mismatch == "warn"     ? source::rest::OnMismatch::kWarn
                                : mismatch == "ignore" ? source::rest::OnMismatch::kIgnore
                                                       : source::rest::OnMismatch::kFail;
    if (endpoint.format == PageFormat::kJson) return;
    for (const char* key : {"records", "total"}) {
      const ConfigValue* written = value_.Find(key);
      if (written == nullptr || written->node == nullptr) continue;
      Bad(*written, "`" + std::string(key) + "` is a path into JSON, and the format is " + format);
    }
  }

  void BuildResponses() {
    const ConfigValue* rules = value_.Find("responses");
    if (rules == nullptr) return;
    for (const auto& [name, value] : rules->members) {
      if (value.kind != ConfigValue::Kind::kObject) continue;
      source::rest::ResponseRule rule;
      rule.name = name;
      const std::string action = value.Text("action");
      rule.action = action == "success"  ? source::rest::ResponseAction::kSuccess
                    : action == "retry"  ? source::rest::ResponseAction::kRetry
                    : action == "ignore" ? source::rest::ResponseAction::kIgnore
                                         : source::rest::ResponseAction::kFail;
      rule.body = paths_.SingleQuery(value, "body");
      if (const ConfigValue* status = value.Find("status")) ReadStatus(*status, &rule);
      if (!value.IsWritten("status") && !value.IsWritten("body")) {
        Bad(value, "the rule fits every answer", "add `status` or `body`");
      }
      source_.responses.push_back(std::move(rule));
    }
  }

  void ReadStatus(const ConfigValue& status, source::rest::ResponseRule* rule) {
    const std::string& text = status.text;
    const size_t dash = text.find('-');
    const auto number = [](std::string_view digits) {
      int value = 0;
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value);
      const bool whole = error == std::errc() && end == digits.data() + digits.size();
      return whole && value >= 100 && value <= 599 ? value : 0;
    };
    rule->status_min = number(std::string_view(text).substr(0, dash));
    rule->status_max = dash == std::string::npos ? rule->status_min
                                                 : number(std::string_view(text).substr(dash + 1));
    if (rule->status_min == 0 || rule->status_max < rule->status_min) {
      Bad(status, "`" + text + "` is no status and no range of them", "write 404 or 500-599");
    }
  }

  const ConfigValue& value_;
  ConfigProblems* problems_;
  RestPaths paths_;
  source::rest::RestSource source_;
  bool partition_used_ = false, parent_used_ = false;
  std::string parent_name_;
  std::string home_;
};

}  // namespace

RestConfig BuildRest(const std::string& name, const ConfigValue& value, ConfigProblems* problems) {
  return RestBuild(value, problems).Run(name);
}

}  // namespace millrace::pipeline
