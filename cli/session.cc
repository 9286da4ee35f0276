#include "cli/session.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/error_json.h"
#include "base/log.h"
#include "cli/terminal.h"

namespace millrace::cli {

Result<std::map<std::string, std::string>> Session::Params() const {
  std::map<std::string, std::string> params;
  for (const std::string& text : sets) {
    const size_t at = text.find('=');
    if (at == std::string::npos || at == 0) {
      return MakeError(ErrorCode::kUsage, "--set `" + text + "` is not name=value",
                       "for example --set dt=2026-11-21");
    }
    params[text.substr(0, at)] = text.substr(at + 1);
  }
  return params;
}

void PrintOut(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void PrintErr(const std::string& text) {
  std::fflush(stdout);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int Fail(const Session& session, const Status& status) {
  const int exit_code = ExitCodeOf(status);
  std::vector<Diagnostic> diagnostics = DiagnosticsOf(status);
  if (session.json) {
    PrintOut(ErrorToJson(status) + "\n");
  }
  for (Diagnostic& d : diagnostics) {
    d.message = SafeText(Redact(d.message));
    d.source_line = SafeText(Redact(d.source_line));
    d.suggestion = SafeText(Redact(d.suggestion));
    if (d.span.file.empty()) d.span.file = "millrace";
  }
  PrintErr(RenderDiagnostics(diagnostics));
  if (diagnostics.size() > 1) {
    PrintErr(std::to_string(diagnostics.size()) + " problems\n");
  }
  return exit_code;
}

void AddCommonOptions(CLI::App& app, Session& session) {
  const std::string group = "Common options";
  app.add_flag("--json", session.json, "Print the result as JSON on stdout")->group(group);
  app.add_flag("-q,--quiet", session.quiet, "No progress, only the result")->group(group);
  app.add_option("--log-level", session.log_level, "How much the log on stderr tells")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->option_text("LEVEL")
      ->group(group);
  app.add_flag("--log-json", session.log_json, "Write the log as JSON lines")->group(group);
}

void AddPipelineOptions(CLI::App& app, Session& session, std::string& path) {
  app.add_option("pipeline", path, "The pipeline's config, YAML or JSON")
      ->option_text("FILE")
      ->required();
  app.add_option("--set", session.sets, "Set a parameter of the config's `params`; repeatable")
      ->option_text("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--at-step", session.at_step,
                 "The training's step, for mixtures with `curriculum_by: step`")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 62))
      ->option_text("N");
}

void SetExamples(CLI::App& app, const std::string& examples) { app.footer(examples); }

}  // namespace millrace::cli
