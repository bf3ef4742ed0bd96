/* Does nothing, with the program's libraries: the loader's share of a start. */
int
main(void)
{
	return 0;
}
