// What may be written to a terminal, and how: colour, width, and text that cannot play tricks.
#pragma once

#include <string>
#include <string_view>

namespace millrace::cli {

enum class Style { kBold, kDim, kGreen, kRed, kYellow };

/// True when the stream is a terminal, TERM is not "dumb" and NO_COLOR is not set.
bool UsesColour(int descriptor);
bool IsTerminal(int descriptor);
/// Columns of the terminal behind the descriptor; 80 when it does not say.
int TerminalColumns(int descriptor);

/// `text` in the style where stdout takes colour, else as it is.
std::string Styled(Style style, const std::string& text);

/// Columns the text takes: code points, with East Asian wide ones and emoji counting two.
int DisplayWidth(std::string_view text);
/// At most `columns` wide, the cut marked by "…".
std::string Shortened(const std::string& text, int columns);
/// `text` with control characters written out ("\x1b"), so that data cannot steer a terminal.
/// Line breaks and tabs become "\n" and "\t" too unless `lines` is set.
std::string SafeText(std::string_view text, bool lines = true);

/// A path for people: relative when it lies below the current folder, else as it is.
std::string ShownPath(const std::string& path);

}  // namespace millrace::cli
