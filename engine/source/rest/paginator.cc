#include "source/rest/paginator.h"

#include <charconv>

#include "io/http/url.h"
#include "source/rest/json_edit.h"
#include "source/rest/link_header.h"
#include "source/rest/rest_errors.h"
#include "source/rest/time_text.h"

namespace millrace::source::rest {
namespace {

using Step = Result<std::optional<PageStep>>;

void Set(Pairs& params, const std::string& name, std::string value) {
  if (name.empty()) return;
  for (auto& [known, old] : params) {
    if (known != name) continue;
    old = std::move(value);
    return;
  }
  params.emplace_back(name, std::move(value));
}

// What a parameter takes: as text in a query, as JSON in a body.
struct Value {
  std::string text, json;
};
Value NumberValue(int64_t number) { return {std::to_string(number), std::to_string(number)}; }
Result<Value> TextValue(std::string text) {
  ARROW_ASSIGN_OR_RAISE(std::string json, JsonQuoted(text));
  return Value{std::move(text), std::move(json)};
}
// `piece`: JSON of an answer. A body takes it as it stands there, of whatever type.
Result<Value> ValueOfPiece(std::string_view piece) {
  ARROW_ASSIGN_OR_RAISE(std::string text, JsonScalarText(piece));
  return Value{std::move(text), std::string(piece)};
}

void Put(const Paging& paging, const std::string& param, Value value, PageStep* step) {
  if (paging.in_body) {
    Set(step->body, param, std::move(value.json));
  } else {
    Set(step->params, param, std::move(value.text));
  }
}

const std::string* Find(const Pairs& pairs, const std::string& name) {
  for (const auto& [known, value] : pairs) {
    if (known == name) return &value;
  }
  return nullptr;
}

// What a step holds for a parameter, as text.
std::optional<std::string> TextIn(const PageStep& step, const Paging& paging,
                                  const std::string& param) {
  const std::string* value = Find(paging.in_body ? step.body : step.params, param);
  if (value == nullptr) return std::nullopt;
  if (!paging.in_body) return *value;
  const auto text = JsonScalarText(*value);
  return text.ok() ? std::optional<std::string>(*text) : std::nullopt;
}

PageStep FirstStep(const Paging& paging) {
  PageStep step;
  if (paging.limit > 0) Put(paging, paging.limit_param, NumberValue(paging.limit), &step);
  return step;
}

PageStep StepOf(const Paging& paging, Value value) {
  PageStep step;
  Put(paging, paging.param, std::move(value), &step);
  if (paging.limit > 0) Put(paging, paging.limit_param, NumberValue(paging.limit), &step);
  return step;
}

Status Unclear(const std::string& what) { return MakeError(kBadPage, what); }

/// What `has_more` says; none where there is no such rule.
Result<std::optional<bool>> HasMore(const Paging& paging, const PageFacts& page) {
  if (!paging.has_more) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const auto piece, paging.has_more->FindOne(page.body));
  if (piece == "true") return true;
  if (piece == "false") return false;
  return Unclear("`" + paging.has_more->text() +
                 "`, which tells whether more follows, is neither "
                 "true nor false");
}

// What all that count have in common: an empty page is the end, and has_more where it is named.
// `stop` adds rules that lose pages when the API breaks its word.
Result<bool> Ends(const Paging& paging, const PageFacts& page) {
  ARROW_ASSIGN_OR_RAISE(const std::optional<bool> more, HasMore(paging, page));
  if (more) return !*more;
  if (page.records == 0) return true;
  if (paging.stop == StopRule::kShortPage) return page.records < paging.limit;
  if (paging.stop == StopRule::kTotal && page.total) return page.records_so_far >= *page.total;
  return false;
}

Result<int64_t> NumberIn(const PageStep& step, const Paging& paging) {
  const std::optional<std::string> text = TextIn(step, paging, paging.param);
  int64_t number = 0;
  const bool good =
      text && std::from_chars(text->data(), text->data() + text->size(), number).ec == std::errc();
  if (!good) return Unclear("the step before holds no number in `" + paging.param + "`");
  return number;
}

// A query takes a text or a number; a body takes objects and lists as well.
Result<Value> ScalarUnlessInBody(const Paging& paging, std::string_view piece, const char* what) {
  if (!paging.in_body && (piece.front() == '{' || piece.front() == '[')) {
    return Unclear(std::string(what) + " `" + paging.cursor->text() + "` is no text and no number");
  }
  return ValueOfPiece(piece);
}

/// One answer is all.
class NoPaging : public Paginator {
 public:
  PageStep First() const override { return {}; }
  Step Next(const PageStep&, const PageFacts&) const override { return std::nullopt; }
};

/// Ends with an empty page or has_more = false. Goes on by the records that came, for a server may
/// give fewer than it was asked for.
class OffsetPaging : public Paginator {
 public:
  explicit OffsetPaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override { return StepOf(paging_, NumberValue(paging_.start)); }
  Step Next(const PageStep& asked, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const bool ends, Ends(paging_, page));
    if (ends) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const int64_t offset, NumberIn(asked, paging_));
    const int64_t advance = paging_.advance_by_limit ? paging_.limit : page.records;
    if (advance == 0) {
      return Unclear("the API says that more follows a page without records");
    }
    return StepOf(paging_, NumberValue(offset + advance));
  }

 private:
  const Paging paging_;
};

/// Ends with an empty page or has_more = false.
class PagePaging : public Paginator {
 public:
  explicit PagePaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override { return StepOf(paging_, NumberValue(paging_.start)); }
  Step Next(const PageStep& asked, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const bool ends, Ends(paging_, page));
    if (ends) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const int64_t number, NumberIn(asked, paging_));
    return StepOf(paging_, NumberValue(number + 1));
  }

 private:
  const Paging paging_;
};

/// Ends where the answer names no cursor: it is absent, null or an empty text. A page without
/// records ends nothing as long as it names one.
class CursorPaging : public Paginator {
 public:
  explicit CursorPaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override { return FirstStep(paging_); }
  Step Next(const PageStep&, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const std::optional<bool> more, HasMore(paging_, page));
    if (more && !*more) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const Value cursor, Cursor(page));
    if (!cursor.text.empty()) return StepOf(paging_, cursor);
    if (more) return Unclear("the API says that more follows, but names no cursor");
    return std::nullopt;
  }

 private:
  Result<Value> Cursor(const PageFacts& page) const {
    if (paging_.kind == PagingKind::kCursorHeader) {
      const std::string* value = Find(*page.headers, paging_.header);
      if (value == nullptr) return Value{};
      Result<Value> cursor = TextValue(*value);
      if (!cursor.ok()) return Unclear("the cursor in `" + paging_.header + "` is no UTF-8");
      return cursor;
    }
    ARROW_ASSIGN_OR_RAISE(const auto piece, paging_.cursor->FindOne(page.body));
    if (!piece) return Value{};
    return ScalarUnlessInBody(paging_, *piece, "the cursor at");
  }

  const Paging paging_;
};

/// Ends where there is no next link: the header has none, or the member is absent, null or empty.
class LinkPaging : public Paginator {
 public:
  explicit LinkPaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override { return FirstStep(paging_); }
  Step Next(const PageStep&, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const std::optional<bool> more, HasMore(paging_, page));
    if (more && !*more) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const std::string link, Link(page));
    if (link.empty()) {
      if (more) return Unclear("the API says that more follows, but gives no link to it");
      return std::nullopt;
    }
    ARROW_ASSIGN_OR_RAISE(const io::http::Url base, io::http::ParseUrl(page.url));
    const Result<io::http::Url> next = io::http::ResolveUrl(base, link);
    if (!next.ok()) {
      return Unclear("the link to the next page is no URL: `" + io::http::RedactUrl(link) + "`");
    }
    PageStep step;
    step.url = next->ToString();
    return step;
  }

 private:
  Result<std::string> Link(const PageFacts& page) const {
    if (paging_.kind == PagingKind::kLinkHeader) return NextLink(*page.headers);
    ARROW_ASSIGN_OR_RAISE(const auto piece, paging_.cursor->FindOne(page.body));
    if (!piece) return "";
    if (piece->front() != '"') {
      return Unclear("the next URL at `" + paging_.cursor->text() + "` is no text");
    }
    return JsonScalarText(*piece);
  }

  const Paging paging_;
};

/// Ends with an empty page or has_more = false.
class KeysetPaging : public Paginator {
 public:
  explicit KeysetPaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override { return FirstStep(paging_); }
  Step Next(const PageStep&, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const bool ends, Ends(paging_, page));
    if (ends) return std::nullopt;
    if (page.last_record.empty()) {
      return Unclear("the API says that more follows a page without records");
    }
    ARROW_ASSIGN_OR_RAISE(const auto piece, paging_.cursor->FindOne(page.last_record));
    if (!piece) {
      return Unclear("the last record of the page has no key at `" + paging_.cursor->text() + "`");
    }
    ARROW_ASSIGN_OR_RAISE(const Value key, ScalarUnlessInBody(paging_, *piece, "the key at"));
    return StepOf(paging_, key);
  }

 private:
  const Paging paging_;
};

/// One request a window, whatever came back; ends with the last window.
class TimeWindowPaging : public Paginator {
 public:
  explicit TimeWindowPaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override { return Window(paging_.from_s); }
  Step Next(const PageStep& asked, const PageFacts& page) const override {
    if (paging_.limit > 0 && page.records >= paging_.limit) {
      return Unclear("a window gave " + std::to_string(page.records) +
                     " records, as many as fit one answer: there may be more in it");
    }
    return AfterNothing(asked);
  }
  Step AfterNothing(const PageStep& asked) const override {
    const std::optional<std::string> text = TextIn(asked, paging_, paging_.param);
    const auto begin = text ? ParseTime(*text, paging_.form) : std::nullopt;
    if (!begin) return Unclear("the step before names no window");
    const int64_t next = *begin + paging_.step_s;
    if (next >= paging_.to_s) return std::nullopt;
    return Window(next);
  }
  std::string ChainOf(const PageStep& step) const override {
    return TextIn(step, paging_, paging_.param).value_or("");
  }

 private:
  PageStep Window(int64_t begin) const {
    const int64_t end = std::min(begin + paging_.step_s, paging_.to_s);
    const int64_t unit = paging_.form == TimeForm::kDate ? 86'400 : 1;
    PageStep step = StepOf(paging_, TimeValue(begin));
    Put(paging_, paging_.end_param, TimeValue(paging_.end_inclusive ? end - unit : end), &step);
    return step;
  }
  Value TimeValue(int64_t seconds) const {
    std::string text = FormatTime(seconds, paging_.form);
    const bool number =
        paging_.form == TimeForm::kUnix || paging_.form == TimeForm::kUnixMilliseconds;
    std::string json = number ? text : '"' + text + '"';
    return {std::move(text), std::move(json)};
  }

  const Paging paging_;
};

/// Windows of several pages each: the pages of a window are a chain of their own, and where it ends
/// the next window begins. Every step names its window, a link too: what is in its URL is the API's
/// affair, its params are ours to remember.
class WindowedPaging : public Paginator {
 public:
  explicit WindowedPaging(const Paging& paging)
      : paging_(paging), windows_(paging), pages_(MakePaginator(*paging.within)) {}
  PageStep First() const override { return Joined(windows_.First(), pages_->First()); }
  Step Next(const PageStep& asked, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const std::optional<PageStep> next, pages_->Next(asked, page));
    if (next) return Joined(asked, *next);
    return AfterNothing(asked);
  }
  Step AfterNothing(const PageStep& asked) const override {
    ARROW_ASSIGN_OR_RAISE(const std::optional<PageStep> window, windows_.AfterNothing(asked));
    if (!window) return std::nullopt;
    return Joined(*window, pages_->First());
  }
  std::string ChainOf(const PageStep& step) const override { return windows_.ChainOf(step); }

 private:
  // `page` within the window that `of` names.
  PageStep Joined(const PageStep& of, PageStep page) const {
    for (const std::string& name : {paging_.param, paging_.end_param}) {
      if (const std::string* value = Find(of.params, name)) Set(page.params, name, *value);
      if (const std::string* value = Find(of.body, name)) Set(page.body, name, *value);
    }
    return page;
  }

  const Paging paging_;
  const TimeWindowPaging windows_;
  const std::unique_ptr<Paginator> pages_;
};

}  // namespace

std::unique_ptr<Paginator> MakePaginator(const Paging& paging) {
  switch (paging.kind) {
    case PagingKind::kNone:
      return std::make_unique<NoPaging>();
    case PagingKind::kOffset:
      return std::make_unique<OffsetPaging>(paging);
    case PagingKind::kPage:
      return std::make_unique<PagePaging>(paging);
    case PagingKind::kCursorBody:
    case PagingKind::kCursorHeader:
      return std::make_unique<CursorPaging>(paging);
    case PagingKind::kLinkHeader:
    case PagingKind::kNextUrl:
      return std::make_unique<LinkPaging>(paging);
    case PagingKind::kKeyset:
      return std::make_unique<KeysetPaging>(paging);
    case PagingKind::kTimeWindow:
      if (paging.within != nullptr) return std::make_unique<WindowedPaging>(paging);
      return std::make_unique<TimeWindowPaging>(paging);
  }
  return nullptr;
}

}  // namespace millrace::source::rest
