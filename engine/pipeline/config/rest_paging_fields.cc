#include "pipeline/config/rest_paging.h"

namespace millrace::pipeline {

Field InField() {
  return {.key = "in",
          .type = FieldType::kChoice,
          .doc =
              "Where its parameters go: into the query, or into the JSON body of a POST, where "
              "each is a member's name or a path such as $.page.after. The query if absent.",
          .choices = {"query", "body"}};
}

namespace {

using T = FieldType;

const VariantFamily& PagingFamily() {
  static const auto* family =
      new VariantFamily{"paging",
                        "How pages follow one another.",
                        {"none", "offset", "page", "cursor", "cursor_header", "link_header",
                         "next_url", "keyset", "time_window"}};
  return *family;
}

const VariantFamily& WithinFamily() {
  static const auto* family = new VariantFamily{
      "paging within windows",
      "How the pages of a window follow one another.",
      {"offset", "page", "cursor", "cursor_header", "link_header", "next_url", "keyset"}};
  return *family;
}

Field Param(const std::string& doc, const std::string& fallback = "") {
  Field field{.key = "param", .type = T::kText, .doc = doc};
  field.required = fallback.empty();
  field.fallback = fallback;
  return field;
}

std::vector<Field> LimitFields() {
  return {{.key = "limit_param",
           .type = T::kText,
           .doc = "The parameter that says how many records a page may have."},
          {.key = "limit",
           .type = T::kInteger,
           .doc = "Its value: the most records of a page.",
           .min = 1,
           .max = 1'000'000}};
}

Field HasMore() {
  return {.key = "has_more",
          .type = T::kText,
          .doc =
              "A path to true or false in the answer: whether more follows. Then it alone "
              "decides."};
}

Field Stop() {
  return {.key = "stop",
          .type = T::kChoice,
          .doc =
              "What ends the pages: an empty one, or also a short one, or also the API's total. "
              "The last two lose records when the API breaks its word.",
          .fallback = "empty_page",
          .choices = {"empty_page", "short_page", "total"}};
}

Field Start(const std::string& fallback) {
  return {.key = "start",
          .type = T::kInteger,
          .doc = "The first value.",
          .fallback = fallback,
          .min = 0};
}

const ObjectSpec* Variant(const VariantFamily& family, const std::string& type,
                          const std::string& doc, std::vector<Field> more) {
  return new ObjectSpec(VariantSpec(family, type, doc, std::move(more)));
}

// What puts its parameters where `in` says.
std::vector<Field> Placed(std::vector<Field> fields) {
  fields.push_back(InField());
  for (Field& field : LimitFields()) fields.push_back(std::move(field));
  return fields;
}
// What is led on by URLs: only the limit is a parameter, and of the query.
std::vector<Field> Led(std::vector<Field> fields) {
  for (Field& field : LimitFields()) fields.push_back(std::move(field));
  return fields;
}

// The ways in which pages follow one another, also those of one window.
std::vector<const ObjectSpec*> Chains(const VariantFamily& family) {
  return {
      Variant(family, "offset", "A parameter counts records.",
              Placed({Param("The parameter that says how many records come before.", "offset"),
                      Start("0"),
                      {.key = "advance",
                       .type = T::kChoice,
                       .doc = "What the offset grows by: the records that came, or the limit.",
                       .fallback = "records",
                       .choices = {"records", "limit"}},
                      Stop(),
                      HasMore()})),
      Variant(family, "page", "A parameter counts pages.",
              Placed({Param("The parameter of the page's number.", "page"), Start("1"), Stop(),
                      HasMore()})),
      Variant(family, "cursor", "The answer names the place to go on at.",
              Placed({Param("The parameter that takes the cursor.", "cursor"),
                      {.key = "cursor",
                       .type = T::kText,
                       .doc = "The path of the next cursor in the answer.",
                       .required = true},
                      HasMore()})),
      Variant(family, "cursor_header", "A header of the answer names the place to go on at.",
              Placed({Param("The parameter that takes the cursor.", "cursor"),
                      {.key = "header",
                       .type = T::kText,
                       .doc = "The header that holds the next cursor.",
                       .required = true},
                      HasMore()})),
      Variant(family, "link_header", "A header `Link` with rel=\"next\" leads on.",
              Led({HasMore()})),
      Variant(family, "next_url", "The answer holds the URL of the next page.",
              Led({{.key = "next",
                    .type = T::kText,
                    .doc = "The path of that URL in the answer.",
                    .required = true},
                   HasMore()})),
      Variant(family, "keyset", "A parameter takes the key of the last record.",
              Placed({Param("The parameter that takes the key.", ""),
                      {.key = "key",
                       .type = T::kText,
                       .doc = "The path of the key in a record.",
                       .required = true},
                      Stop(),
                      HasMore()})),
  };
}

const ObjectSpec& WithinSpec() {
  static const auto* spec = new ObjectSpec{.name = "paging within windows",
                                           .doc = "How the pages of one window follow one another.",
                                           .variants = Chains(WithinFamily())};
  return *spec;
}

std::vector<Field> TimeWindowFields() {
  return {{.key = "start_param",
           .type = T::kText,
           .doc = "The parameter of a window's start.",
           .required = true},
          {.key = "end_param",
           .type = T::kText,
           .doc = "The parameter of a window's end.",
           .required = true},
          {.key = "from",
           .type = T::kText,
           .doc = "The first window's start: a date or an RFC 3339 timestamp.",
           .required = true},
          {.key = "to",
           .type = T::kText,
           .doc = "The end, which is not part of the last window; in the same form.",
           .required = true},
          {.key = "step",
           .type = T::kText,
           .doc = "The length of a window: a number and s, m, h or d.",
           .fallback = "1d"},
          {.key = "form",
           .type = T::kChoice,
           .doc = "How the parameters are written.",
           .fallback = "timestamp",
           .choices = {"date", "timestamp", "unix", "unix_ms"}},
          {.key = "end",
           .type = T::kChoice,
           .doc = "Whether the API takes the end as part of a window; then one second (one day of "
                  "dates) less is sent.",
           .fallback = "exclusive",
           .choices = {"exclusive", "inclusive"}},
          {.key = "within",
           .type = T::kObject,
           .doc = "How the pages of one window follow one another; without it a window is one "
                  "answer.",
           .object = &WithinSpec()}};
}

}  // namespace

const ObjectSpec& PagingSpec() {
  static const auto* spec = [] {
    auto* paging =
        new ObjectSpec{.name = "paging", .doc = "How the pages of an endpoint follow one another."};
    const VariantFamily& family = PagingFamily();
    paging->variants = {Variant(family, "none", "One answer is all.", {})};
    for (const ObjectSpec* chain : Chains(family)) paging->variants.push_back(chain);
    paging->variants.push_back(Variant(family, "time_window",
                                       "A span of time is asked for, window by window.",
                                       Placed(TimeWindowFields())));
    return paging;
  }();
  return *spec;
}

}  // namespace millrace::pipeline
