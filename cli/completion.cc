#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <vector>

namespace millrace::cli {
namespace {

struct OptionWords {
  std::vector<std::string> names;  // "--json", "-q"
  std::string description;
  bool takes_value = false;
};

std::vector<const CLI::App*> Commands(const CLI::App& app) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command);
  }
  return commands;
}

std::vector<OptionWords> OptionsOf(const CLI::App& app) {
  std::vector<OptionWords> options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) continue;
    OptionWords words;
    for (const std::string& name : option->get_lnames()) words.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) words.names.push_back("-" + name);
    words.description = option->get_description();
    words.takes_value = option->get_items_expected_max() > 0;
    options.push_back(std::move(words));
  }
  return options;
}

std::string JoinedOptionNames(const CLI::App& app) {
  std::string out;
  for (const OptionWords& option : OptionsOf(app)) {
    for (const std::string& name : option.names) out += (out.empty() ? "" : " ") + name;
  }
  return out;
}

// In single quotes for any of the shells.
std::string Quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string Bash(const CLI::App& app) {
  std::string names, cases;
  for (const CLI::App* command : Commands(app)) {
    names += (names.empty() ? "" : " ") + command->get_name();
    cases +=
        "    " + command->get_name() + ") options=" + Quoted(JoinedOptionNames(*command)) + " ;;\n";
  }
  return "# bash completion of millrace: source it, or put it into\n"
         "# ~/.local/share/bash-completion/completions/millrace\n"
         "_millrace() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} command='' options='' i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    if [[ ${COMP_WORDS[i]} != -* ]]; then command=${COMP_WORDS[i]}; break; fi\n"
         "  done\n"
         "  case $command in\n"
         "    '') options=" +
         Quoted(names + " " + JoinedOptionNames(app)) + " ;;\n" + cases +
         "  esac\n"
         "  if [[ $command == completion ]]; then options+=' bash zsh fish'; fi\n"
         "  COMPREPLY=()\n"
         "  if [[ -z $command || $command == completion || $word == -* ]]; then\n"
         "    while IFS= read -r i; do COMPREPLY+=(\"$i\"); done \\\n"
         "      < <(compgen -W \"$options\" -- \"$word\")\n"
         "  fi\n"
         "  return 0\n"
         "}\n"
         "complete -o default -F _millrace millrace\n";
}

// Brackets, colons and quotes mean something inside a zsh option description.
std::string ZshText(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string Zsh(const CLI::App& app) {
  std::string names, cases;
  for (const CLI::App* command : Commands(app)) {
    names +=
        "    " + Quoted(command->get_name() + ":" + ZshText(command->get_description())) + "\n";
    cases += "      " + command->get_name() + ")\n        _arguments";
    for (const OptionWords& option : OptionsOf(*command)) {
      for (const std::string& name : option.names) {
        cases += " \\\n          " + Quoted(name + "[" + ZshText(option.description) + "]" +
                                            (option.takes_value ? ":value:_files" : ""));
      }
    }
    cases += command->get_name() == "completion" ? " \\\n          '1:shell:(bash zsh fish)'"
                                                 : " \\\n          '*:file:_files'";
    cases += " ;;\n";
  }
  return "#compdef millrace\n"
         "# zsh completion of millrace: put it as _millrace into a folder of $fpath\n"
         "_millrace() {\n"
         "  local -a commands\n  commands=(\n" +
         names +
         "  )\n"
         "  local context state state_descr line\n"
         "  _arguments -C '1:command:->command' '*::argument:->argument'\n"
         "  case $state in\n"
         "    command) _describe command commands ;;\n"
         "    argument)\n"
         "      case $line[1] in\n" +
         cases +
         "      esac ;;\n"
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _millrace ]; then _millrace \"$@\"; else compdef _millrace "
         "millrace; fi\n";
}

std::string Fish(const CLI::App& app) {
  std::string out =
      "# fish completion of millrace: put it into ~/.config/fish/completions/millrace.fish\n";
  for (const CLI::App* command : Commands(app)) {
    const std::string name = command->get_name();
    out += "complete -c millrace -n __fish_use_subcommand -f -a " + name + " -d " +
           Quoted(command->get_description()) + "\n";
    for (const OptionWords& option : OptionsOf(*command)) {
      out += "complete -c millrace -n '__fish_seen_subcommand_from " + name + "'";
      for (const std::string& word : option.names) {
        out += word.rfind("--", 0) == 0 ? " -l " + word.substr(2) : " -s " + word.substr(1);
      }
      out += (option.takes_value ? " -r -d " : " -d ") + Quoted(option.description) + "\n";
    }
  }
  return out +
         "complete -c millrace -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'\n";
}

}  // namespace

std::string CompletionScript(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return Bash(app);
  return shell == "zsh" ? Zsh(app) : Fish(app);
}

}  // namespace millrace::cli
