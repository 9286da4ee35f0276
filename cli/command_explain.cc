#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error_pages.h"
#include "cli/commands.h"
#include "cli/text_table.h"

namespace millrace::cli {
namespace {

nlohmann::ordered_json PageJson(const ErrorPage& page) {
  return {{"code", FormatErrorCode(page.code)},
          {"kind", std::string(ErrorKindName(KindOf(page.code)))},
          {"exit_code", ExitCodeOf(MakeError(page.code, ""))},
          {"summary", std::string(SummaryOf(page.code))},
          {"meaning", std::string(page.meaning)},
          {"example", std::string(page.example)},
          {"remedy", std::string(page.remedy)}};
}

int ListCodes(const Session& session) {
  TextTable table({{"code"}, {"kind"}, {"means", Align::kLeft, 80}});
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ErrorPage& page : ErrorPages()) {
    table.Add({FormatErrorCode(page.code), std::string(ErrorKindName(KindOf(page.code))),
               std::string(SummaryOf(page.code))});
    list.push_back(PageJson(page));
  }
  PrintOut(session.json ? nlohmann::ordered_json{{"errors", std::move(list)}}.dump(2) + "\n"
                        : table.Render());
  return 0;
}

int Explain(const Session& session, const std::string& text) {
  if (text.empty()) return ListCodes(session);
  const std::optional<ErrorCode> code = ReadErrorCode(text);
  if (!code) {
    return Fail(session, MakeError(ErrorCode::kUsage, "there is no error code `" + text + "`",
                                   "`millrace explain` lists them"));
  }
  const ErrorPage& page = ErrorPageOf(*code);
  PrintOut(session.json ? PageJson(page).dump(2) + "\n" : ErrorPageMarkdown(page));
  return 0;
}

}  // namespace

void AddExplain(CLI::App& app, Session& session) {
  auto code = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("explain", "Say what an error code means and what to do");
  command->add_option("code", *code, "A code such as MR1203; without one all are listed")
      ->option_text("CODE");
  SetExamples(*command,
              "millrace explain MR1203   # what it means, an example, what to do\n"
              "millrace explain          # all codes");
  command->callback(
      [&session, code] { session.action = [&session, code] { return Explain(session, *code); }; });
}

}  // namespace millrace::cli
