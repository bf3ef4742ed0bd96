// Usage: java -cp JAR Reference.java KEY FILE...
//
// What com.typesafe:config, which Jibri uses, makes of KEY in each file; as
// read.c prints it, but for why.  Unlike ConfigFactory.load(), which Jibri
// calls, it adds neither system properties nor a reference.conf.

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import java.io.File;
import java.io.PrintStream;

public class Reference {
    static String read(String key, String file) {
        try {
            Config config = ConfigFactory.parseFile(new File(file),
                ConfigParseOptions.defaults().setAllowMissing(false)).resolve();
            if (!config.hasPath(key))
                return "none";
            return "value " + config.getString(key)
                .replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t");
        // RuntimeException: 1.3.1 names a wrong key by a NullPointerException.
        } catch (RuntimeException e) {
            System.err.println(file + ": " + e.getMessage());
            return "not understood";
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (int i = 1; i < args.length; i++)
            out.println(new File(args[i]).getName() + "\t"
                + read(args[0], args[i]));
    }
}
