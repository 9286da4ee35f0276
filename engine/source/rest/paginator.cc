#include "source/rest/paginator.h"

#include <charconv>

#include "io/http/url.h"
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

PageStep StepOf(const Paging& paging, const std::string& param, const std::string& value) {
  PageStep step;
  if (!value.empty()) Set(step.params, param, value);
  if (paging.limit > 0) Set(step.params, paging.limit_param, std::to_string(paging.limit));
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

Result<int64_t> NumberIn(const PageStep& step, const std::string& param) {
  const std::string* text = step.Find(param);
  int64_t number = 0;
  const bool good =
      text != nullptr &&
      std::from_chars(text->data(), text->data() + text->size(), number).ec == std::errc();
  if (!good) return Unclear("the step before holds no number in `" + param + "`");
  return number;
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
  PageStep First() const override {
    return StepOf(paging_, paging_.param, std::to_string(paging_.start));
  }
  Step Next(const PageStep& asked, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const bool ends, Ends(paging_, page));
    if (ends) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const int64_t offset, NumberIn(asked, paging_.param));
    const int64_t advance = paging_.advance_by_limit ? paging_.limit : page.records;
    if (advance == 0) {
      return Unclear("the API says that more follows a page without records");
    }
    return StepOf(paging_, paging_.param, std::to_string(offset + advance));
  }

 private:
  const Paging paging_;
};

/// Ends with an empty page or has_more = false.
class PagePaging : public Paginator {
 public:
  explicit PagePaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override {
    return StepOf(paging_, paging_.param, std::to_string(paging_.start));
  }
  Step Next(const PageStep& asked, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const bool ends, Ends(paging_, page));
    if (ends) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const int64_t number, NumberIn(asked, paging_.param));
    return StepOf(paging_, paging_.param, std::to_string(number + 1));
  }

 private:
  const Paging paging_;
};

/// Ends where the answer names no cursor: it is absent, null or an empty text. A page without
/// records ends nothing as long as it names one.
class CursorPaging : public Paginator {
 public:
  explicit CursorPaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override { return StepOf(paging_, paging_.param, ""); }
  Step Next(const PageStep&, const PageFacts& page) const override {
    ARROW_ASSIGN_OR_RAISE(const std::optional<bool> more, HasMore(paging_, page));
    if (more && !*more) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(const std::string cursor, Cursor(page));
    if (!cursor.empty()) return StepOf(paging_, paging_.param, cursor);
    if (more) return Unclear("the API says that more follows, but names no cursor");
    return std::nullopt;
  }

 private:
  Result<std::string> Cursor(const PageFacts& page) const {
    if (paging_.kind == PagingKind::kCursorHeader) {
      for (const auto& [name, value] : *page.headers) {
        if (name == paging_.header) return value;
      }
      return "";
    }
    ARROW_ASSIGN_OR_RAISE(const auto piece, paging_.cursor->FindOne(page.body));
    if (!piece) return "";
    if (piece->front() == '{' || piece->front() == '[') {
      return Unclear("the cursor at `" + paging_.cursor->text() + "` is no text and no number");
    }
    return JsonScalarText(*piece);
  }

  const Paging paging_;
};

/// Ends where there is no next link: the header has none, or the member is absent, null or empty.
class LinkPaging : public Paginator {
 public:
  explicit LinkPaging(const Paging& paging) : paging_(paging) {}
  PageStep First() const override { return StepOf(paging_, "", ""); }
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
  PageStep First() const override { return StepOf(paging_, paging_.param, ""); }
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
    ARROW_ASSIGN_OR_RAISE(const std::string key, JsonScalarText(*piece));
    return StepOf(paging_, paging_.param, key);
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
    const std::string* text = asked.Find(paging_.param);
    const auto begin = text == nullptr ? std::nullopt : ParseTime(*text, paging_.form);
    if (!begin) return Unclear("the step before names no window");
    const int64_t next = *begin + paging_.step_s;
    if (next >= paging_.to_s) return std::nullopt;
    return Window(next);
  }
  std::string ChainOf(const PageStep& step) const override {
    const std::string* text = step.Find(paging_.param);
    return text == nullptr ? "" : *text;
  }

 private:
  PageStep Window(int64_t begin) const {
    const int64_t end = std::min(begin + paging_.step_s, paging_.to_s);
    const int64_t unit = paging_.form == TimeForm::kDate ? 86'400 : 1;
    PageStep step = StepOf(paging_, paging_.param, FormatTime(begin, paging_.form));
    Set(step.params, paging_.end_param,
        FormatTime(paging_.end_inclusive ? end - unit : end, paging_.form));
    return step;
  }

  const Paging paging_;
};

}  // namespace

const std::string* PageStep::Find(const std::string& param) const {
  for (const auto& [name, value] : params) {
    if (name == param) return &value;
  }
  return nullptr;
}

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
      return std::make_unique<TimeWindowPaging>(paging);
  }
  return nullptr;
}

}  // namespace millrace::source::rest
