#include "source/rest/partition_fetch.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "io/http/url.h"
#include "source/rest/json_edit.h"
#include "source/rest/page_reader.h"
#include "source/rest/page_record_json.h"
#include "source/rest/rest_errors.h"

namespace millrace::source::rest {
namespace {

// What is kept of an answer's headers: what the body is, and what follows.
bool IsKept(const std::string& name, const Paging& paging) {
  return name == "content-type" || name == "content-encoding" || name == "etag" ||
         name == "last-modified" || name == "link" || name == paging.CursorHeader();
}

std::string StepName(const PageStep& step) {
  std::string name = step.url;
  for (const auto& [param, value] : step.params) name += '\n' + param + '=' + value;
  for (const auto& [place, value] : step.body) name += '\n' + place + ':' + value;
  return name;
}

// The start of an error's body for the message, in one line.
std::string Excerpt(const std::string& text) {
  constexpr size_t kShown = 200;
  std::string out;
  for (const char c : Redact(text).substr(0, kShown)) {
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0x80) != 0) out.pop_back();
  return out;
}

// What authenticates is added to each request; in an answer's link it must not be written down.
std::string WithoutSecrets(const std::string& url) {
  const Result<io::http::Url> parsed = io::http::ParseUrl(url);
  if (!parsed.ok()) return Redact(url);
  io::http::Url out = *parsed;
  out.query.clear();
  std::string_view rest = parsed->query;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string pair(rest.substr(0, end));
    if (Redact(pair) == pair) out.query += (out.query.empty() ? "" : "&") + pair;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return Redact(out.ToString());
}

// Nobody can tell whether a POST without an answer was carried out: who asks again must say so.
Status ToldAsPost(const Status& status, const io::http::Request& request,
                  const RestSource& source) {
  if (request.method != "POST" || source.post_is_idempotent || !io::http::IsRetryable(status)) {
    return status;
  }
  return MakeError(CodeOf(status), status.message(),
                   "a POST is not tried again by itself; set `retry: {post: true}` if asking twice "
                   "does no harm. The next run asks for this page again");
}

// Unlike other text, dots alone are a way through folders: a key of `..` would ask for another
// path.
std::string EncodedPlace(const std::string& text) {
  if (text == ".") return "%2E";
  return text == ".." ? "%2E%2E" : io::http::PercentEncode(text);
}

// Of pairs with one name the last, at the place of the first.
Pairs LastOfEach(const Pairs& pairs) {
  Pairs out;
  for (const auto& [name, value] : pairs) {
    const auto known = std::find_if(out.begin(), out.end(),
                                    [&key = name](const auto& pair) { return pair.first == key; });
    if (known == out.end()) {
      out.emplace_back(name, value);
    } else {
      known->second = value;
    }
  }
  return out;
}

}  // namespace

PartitionFetch::PartitionFetch(const RestSource& source, const Endpoint& endpoint,
                               PartitionTask task, const FetchContext& context, Journal& journal)
    : source_(source),
      endpoint_(endpoint),
      format_(task.of_parent ? FormatOptions(io::JsonlOptions()) : source.records_format),
      task_(std::move(task)),
      context_(context),
      journal_(journal),
      paginator_(MakePaginator(endpoint.paging)) {}

Status PartitionFetch::About(const Status& status) const {
  return WithContext(status, "source `" + source_.name + "`, " +
                                 (task_.of_parent ? "parents of " : "") + "partition `" +
                                 task_.key + "`, page " + std::to_string(NextNumber()));
}

Result<std::vector<PageRecord>> PartitionFetch::Run() {
  const auto recorded = journal_.recorded().find(task_.key);
  // A store's listing may lag, and show the later pages without the first one.
  const bool whole = recorded != journal_.recorded().end() && !recorded->second.empty() &&
                     recorded->second[0].page == NextNumber();
  if (whole) ARROW_RETURN_NOT_OK(Replay(recorded->second));
  std::optional<PageStep> step = paginator_->First();
  if (!pages_.empty()) step = pages_.back().next;
  while (step) {
    for (const std::atomic<bool>* ended : {context_.cancelled, context_.stopped}) {
      if (ended != nullptr && *ended) return Status::Cancelled("");
    }
    ARROW_RETURN_NOT_OK(FetchOne(*step));
    step = pages_.back().next;
  }
  ARROW_RETURN_NOT_OK(CheckTotals());
  return std::move(pages_);
}

Status PartitionFetch::Replay(const std::vector<PageRecord>& recorded) {
  for (const PageRecord& page : recorded) {
    ARROW_RETURN_NOT_OK(GuardStep(page.asked));
    Count(page);
    pages_.push_back(page);
  }
  return Status::OK();
}

Status PartitionFetch::FetchOne(const PageStep& step) {
  if (static_cast<int64_t>(pages_.size()) >= source_.pages_max) {
    return About(MakeError(kTooManyPages,
                           "there are more than " + std::to_string(source_.pages_max) + " pages",
                           "if that is right, raise `max_pages`; the pages so far are kept"));
  }
  if (const Status status = GuardStep(step); !status.ok()) return About(status);
  ARROW_ASSIGN_OR_RAISE(const io::http::Request request, RequestFor(step));
  PageRecord page;
  page.partition = task_.key;
  page.page = NextNumber();
  page.of_parent = task_.of_parent;
  page.method = request.method;
  page.url = WithoutSecrets(request.url);
  page.asked = step;
  page.carried = task_.carried;
  io::http::SendOptions sending;
  if (source_.post_is_idempotent) sending.idempotent = true;
  const Result<io::http::Answer> answer = context_.http->Send(request, sending);
  if (!answer.ok()) return About(ToldAsPost(answer.status(), request, source_));
  if (const Status status = ReadAnswer(answer->response, &page); !status.ok()) {
    return About(status);
  }
  if (const Status status = journal_.Append(page); !status.ok()) return About(status);
  Count(page);
  pages_.push_back(std::move(page));
  if (context_.pages_fetched != nullptr) ++*context_.pages_fetched;
  return Status::OK();
}

Result<io::http::Request> PartitionFetch::RequestFor(const PageStep& step) const {
  io::http::Request request;
  request.method = endpoint_.method;
  const auto as_is = [](const std::string& text) { return text; };
  const std::string own = FillPlaces(endpoint_.url, task_.places, EncodedPlace);
  request.url = own;
  if (!step.url.empty()) {
    request.url = step.url;
  } else {
    // WithQuery lets a later pair of the same name win.
    Pairs params;
    for (const auto& [name, value] : endpoint_.params) {
      params.emplace_back(name, FillPlaces(value, task_.places, as_is));
    }
    params.insert(params.end(), task_.params.begin(), task_.params.end());
    params.insert(params.end(), step.params.begin(), step.params.end());
    params = LastOfEach(params);
    // What an earlier stage checked parses still: places only add encoded characters.
    const Result<io::http::Url> url = io::http::ParseUrl(own);
    if (url.ok()) request.url = io::http::WithQuery(*url, params).ToString();
  }
  const Result<io::http::Url> home = io::http::ParseUrl(own);
  const Result<io::http::Url> target = io::http::ParseUrl(request.url);
  const bool at_home = home.ok() && target.ok() && io::http::MayCarryCredentials(*home, *target);
  if (at_home) {
    for (const auto& [name, value] : endpoint_.headers) {
      request.credentials.emplace_back(name, FillPlaces(value, task_.places, as_is));
    }
    ARROW_RETURN_NOT_OK(FillBody(step, &request));
  } else {
    request.method = "GET";
  }
  return request;
}

// The config's body with what the partition and the step put into it.
Status PartitionFetch::FillBody(const PageStep& step, io::http::Request* request) const {
  const auto encode = [&](const std::string& text) {
    return endpoint_.body_is_json ? JsonEscaped(text) : text;
  };
  request->body = FillPlaces(endpoint_.body, task_.places, encode);
  if (!endpoint_.body_is_json) return Status::OK();
  for (const Pairs* pairs : {&task_.body, &step.body}) {
    for (const auto& [name, value] : *pairs) {
      JsonQuery place;
      ParseJsonPlace(name, &place);  // the config's check found no fault
      ARROW_ASSIGN_OR_RAISE(request->body, WithValueAt(request->body, place, value));
    }
  }
  // A redirect that dropped the body would lead to another page than the one asked for.
  request->keep_body = !step.body.empty();
  const auto& given = request->credentials;
  const bool typed = std::any_of(given.begin(), given.end(), [](const auto& header) {
    return io::http::IsHeader(header.first, "content-type");
  });
  if (!typed) request->headers.emplace_back("Content-Type", "application/json");
  return Status::OK();
}

PartitionFetch::Judged PartitionFetch::Judge(const io::http::Response& response,
                                             const std::string& text) const {
  for (const ResponseRule& rule : source_.responses) {
    if (rule.Fits(response.status, text)) {
      return Judged{rule.action, "the response rule `" + rule.name + "` says so"};
    }
  }
  if (response.status >= 200 && response.status < 300) return Judged{};
  const bool refused = response.status == 401 || response.status == 403;
  return Judged{ResponseAction::kFail,
                refused ? "check `auth` and the rights of the account behind it" : ""};
}

Status PartitionFetch::ReadAnswer(const io::http::Response& response, PageRecord* page) {
  page->status = response.status;
  for (const auto& [name, value] : response.headers) {
    if (IsKept(name, endpoint_.paging)) page->headers.emplace_back(name, AsUtf8(Redact(value)));
  }
  // Kept before anything is made of it: also what turns out to be no page can be looked at.
  ARROW_ASSIGN_OR_RAISE(page->body_sha256, journal_.KeepBody(response.body));
  page->body_bytes = static_cast<int64_t>(response.body.size());
  ARROW_ASSIGN_OR_RAISE(const std::string text, PageText(response.body, context_.page_bytes_max));
  const Judged judged = Judge(response, text);
  if (judged.action == ResponseAction::kIgnore) {
    page->ignored = true;
    ARROW_ASSIGN_OR_RAISE(page->next, paginator_->AfterNothing(page->asked));
    return Status::OK();
  }
  if (judged.action != ResponseAction::kSuccess) {
    return MakeError(kBadAnswer,
                     page->url + " answered with status " + std::to_string(response.status) +
                         (text.empty() ? "" : ": " + Excerpt(text)),
                     judged.why);
  }
  const Status read = ReadPage(response, text, page);
  if (read.ok()) return GuardContent(*page);
  return WithContext(read, "the answer (status " + std::to_string(response.status) + ", " +
                               std::to_string(response.body.size()) + " bytes) is no page");
}

Status PartitionFetch::ReadPage(const io::http::Response& response, const std::string& text,
                                PageRecord* page) {
  PageFacts facts;
  facts.body = text;
  facts.headers = &response.headers;
  facts.url = response.url.empty() ? page->url : response.url;
  PageCount count;
  if (response.status == 204 && text.empty()) {
    facts.body = "{}";  // nothing there, and nothing to look for
  } else {
    const bool incremental = source_.incremental && !task_.of_parent;
    ARROW_ASSIGN_OR_RAISE(count, CountRecords(text, format_, endpoint_,
                                              incremental ? &*source_.incremental : nullptr));
    ARROW_ASSIGN_OR_RAISE(page->total, TotalIn(text));
    ARROW_ASSIGN_OR_RAISE(page->content_sha256, ContentSha256(text, endpoint_));
  }
  page->records = count.records;
  page->cursor = count.cursor;
  facts.records = count.records;
  facts.last_record = count.last_record;
  facts.total = page->total;
  facts.records_so_far = chains_[paginator_->ChainOf(page->asked)].records + count.records;
  ARROW_ASSIGN_OR_RAISE(page->next, paginator_->Next(page->asked, facts));
  if (page->next && !page->next->url.empty()) page->next->url = WithoutSecrets(page->next->url);
  return Status::OK();
}

Result<std::optional<int64_t>> PartitionFetch::TotalIn(const std::string& text) const {
  if (!source_.total || task_.of_parent) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const auto piece, source_.total->FindOne(text));
  if (!piece) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const std::string digits, JsonScalarText(*piece));
  int64_t total = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), total);
  if (error == std::errc() && end == digits.data() + digits.size()) return total;
  return MakeError(kBadPage, "the total at `" + source_.total->text() + "` is no whole number");
}

Status PartitionFetch::GuardStep(const PageStep& step) {
  const auto [known, fresh] = asked_.emplace(StepName(step), NextNumber());
  if (fresh) return Status::OK();
  return MakeError(
      kBadPage,
      "the API leads back to page " + std::to_string(known->second) + ": it was asked for already",
      "look at `paginate`: does the parameter or path name the right thing?");
}

Status PartitionFetch::GuardContent(const PageRecord& page) {
  if (page.records == 0) return Status::OK();
  const Chain& chain = chains_[paginator_->ChainOf(page.asked)];
  const auto known = chain.contents.find(page.content_sha256);
  if (known == chain.contents.end()) return Status::OK();
  return MakeError(kBadPage, "the API gave page " + std::to_string(known->second) + " again",
                   "does it know the parameters that `paginate` sets?");
}

void PartitionFetch::Count(const PageRecord& page) {
  Chain& chain = chains_[paginator_->ChainOf(page.asked)];
  chain.records += page.records;
  if (page.total) chain.total = page.total;
  if (page.records > 0) chain.contents.emplace(page.content_sha256, page.page);
}

Status PartitionFetch::CheckTotals() const {
  if (task_.of_parent || source_.on_total_mismatch == OnMismatch::kIgnore) return Status::OK();
  for (const auto& [name, chain] : chains_) {
    if (!chain.total || *chain.total == chain.records) continue;
    const std::string what = "source `" + source_.name + "`, partition `" + task_.key + "`" +
                             (name.empty() ? "" : ", window `" + name + "`") + ": the API says " +
                             std::to_string(*chain.total) + " records, but its pages hold " +
                             std::to_string(chain.records);
    if (source_.on_total_mismatch == OnMismatch::kFail) {
      return MakeError(kTotalMismatch, what,
                       "if the data changed meanwhile, run again; if the API counts otherwise, set "
                       "`total_mismatch: warn`");
    }
    Log(LogLevel::kWarning, "total_mismatch", {{"message", what}});
  }
  return Status::OK();
}

}  // namespace millrace::source::rest
